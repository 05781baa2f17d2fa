"""Names that hold escape codes or turn text around, and whether a text holds none of them."""

from __future__ import annotations

import json

import pandas as pd

from helpers.three_sites import good

HIDDEN = ["\x1b[2J", "\x07", "\u202e", "\u2066", "\u200b", "\ufeff", "\x00", "\x9b", "\ud800"]


def spoilt(mark: str) -> list[pd.DataFrame]:
    """Return three sites that call a level by a name with hidden characters in it."""
    frames = [good(k) for k in (1, 2, 3)]
    return [f.assign(stage=f["stage"].replace("II", f"I{mark}I")) for f in frames]


def clear(text: str) -> bool:
    """Tell whether a text holds none of the marks, be they as they are or as JSON writes them."""
    written = [json.dumps(mark[0])[1:-1] for mark in HIDDEN]
    return not any(mark[0] in text for mark in HIDDEN) and not any(w in text for w in written)
