"""The code blocks of the documentation's pages, and what they come to."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.folders import ROOT

DOCS = ROOT / "docs"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its heading on the page, its language and its code."""

    heading: str
    language: str
    code: str


def blocks(page: str) -> list[Block]:
    """Return the fenced code blocks of a page in docs/, with the heading each stands under."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = []
    for section in re.split(r"^## ", text, flags=re.MULTILINE):
        heading = section.splitlines()[0]
        found += [Block(heading, *match.groups()) for match in _BLOCK.finditer(section)]
    return found


def value_of(code: str, names: dict[str, Any]) -> Any:
    """Run Python code as a notebook's cell: return what its last expression gives, or None."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<page>", "exec"), names)  # noqa: S102 - the project's own pages
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "<page>", "eval"), names)  # noqa: S307


def flat(value: Any) -> list[float]:
    """Return the numbers of a scalar, an array, a series or a frame, row by row."""
    if isinstance(value, pd.DataFrame | pd.Series):
        value = value.to_numpy()
    return [float(number) for number in np.ravel(np.asarray(value))]
