"""The node operator's ready settings: read from their page, and tried on real data at build."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pandas as pd
import yaml

from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_clinical.protocol.registry import methods

from .tables import markdown

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "node-operator.md"
BLOCK: Final = re.compile(r"```yaml\n# (\w+)\n(algorithm_env:\n.*?)```", re.DOTALL)
SECRET: Final = "0123456789abcdef0f1e2d3c4b5a6978" * 2  # of this table only
LISTS: Final = ("V6C_ALLOWED_COLUMNS", "V6C_ALLOWED_REQUESTS")  # each hospital's own
SITES: Final = 3


def ready() -> dict[str, dict[str, str]]:
    """Return the settings of each block of the page, as they stand there."""
    text = PAGE.read_text(encoding="utf-8")
    return {name: yaml.safe_load(block)["algorithm_env"] for name, block in BLOCK.findall(text)}


def policy(settings: dict[str, str]) -> Policy:
    """Return the limits of a block, with a secret, and without the lists that are a hospital's."""
    given = {name: value for name, value in settings.items() if name not in LISTS}
    if "V6C_SECRET" in given:
        given["V6C_SECRET"] = SECRET
    return Policy.from_environment(given)


def sites() -> list[pd.DataFrame]:
    """Return the rows of three hospitals of one size."""
    rows = pd.read_csv(ROOT / "tests" / "data" / "gbsg2.csv")
    return [rows.iloc[first::SITES] for first in range(SITES)]


def table(_: str) -> str:
    """Return what each block makes of the example of each analysis."""
    frames, found = sites(), ready()
    lines = [
        [
            f"`{face.short}`",
            *(_outcome(face.short, frames, face.example, found[name]) for name in found),
        ]
        for face in methods().values()
        if face.example
    ]
    return markdown(["analysis", *found], lines)


def _outcome(
    analysis: str, frames: list[pd.DataFrame], request: Any, settings: dict[str, str]
) -> str:
    result = local.run(analysis, frames, dict(request), policy=policy(settings))
    if result["status"] != "completed":
        return f"`{result['error']['code']}`"
    precision = result.get("precision")
    return "answered" if precision is None else f"answered, precision {precision:.2g}"
