"""Names from somebody's data, made safe to print: no control, bidi or invisible characters.

A level may be called ``ESC[2J``, or turn the line that it stands in around. Sites clean the names
that they read, so that no such name leaves them; the central side takes none from an answer; the
analyst's layer cleans what a server gives it.
"""

from __future__ import annotations

import re
from typing import Any

# Control characters, lone surrogates, line separators; and of the invisible ones those that turn
# text around, have no width, or are tags. The joiners U+200C and U+200D belong to spelling.
SPACES = "\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029"
HIDDEN = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f"
)
_SPACE = re.compile(f"[{SPACES}]+")
_HIDDEN = re.compile(f"[{HIDDEN}]")
_EITHER = re.compile(f"[{SPACES}{HIDDEN}]")


def is_clean(text: str) -> bool:
    """Tell whether a text may be printed as it is."""
    return text.isprintable() or _EITHER.search(text) is None


def clean(text: str) -> str:
    """Return the text without hidden characters, with a space for each break of line or tab."""
    return text if is_clean(text) else _HIDDEN.sub("", _SPACE.sub(" ", text))


def cleaned(value: Any) -> Any:
    """Return plain JSON with all its texts clean, keys included."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {cleaned(name): cleaned(part) for name, part in value.items()}
    return [cleaned(part) for part in value] if isinstance(value, list) else value
