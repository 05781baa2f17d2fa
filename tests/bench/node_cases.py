"""The cases that run on real nodes: the rows, what each tool is asked, and the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bench import long_digits
from bench.benchmark_cases import CASES, Case
from bench.compare import answers
from bench.theirs import PUBLISHED, Array
from helpers.summary_cases import dataset, split
from v6_clinical.protocol.registry import load_central

OURS = "ours"
SITES = 3


@dataclass(frozen=True)
class NodeCase:
    """An analysis of the three sites' ``frames``, asked of ours and of the ``peers``.

    Parameters
    ----------
    data, label
        The name of the data, and that of the database at the nodes.
    columns
        What is summarised, or the predictors; names of columns.
    arguments
        What ours is asked.
    """

    analysis: str
    data: str
    label: str
    frames: Sequence[pd.DataFrame]
    columns: Sequence[str]
    arguments: dict[str, Any]
    peers: Sequence[str] = ()
    repeats: int = 1

    @property
    def tools(self) -> list[str]:
        return [OURS, *self.peers]

    @cached_property
    def whole(self) -> pd.DataFrame:
        """The pooled rows, and the number of each one's site."""
        parts = [frame.assign(site=k) for k, frame in enumerate(self.frames)]
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def design(self) -> pd.DataFrame:
        """The pooled numbers of every term but the intercept, by name; first levels left out."""
        found: dict[str, Any] = {}
        for name in self.columns:
            column = self.whole[name]
            if pd.api.types.is_numeric_dtype(column):
                found[name] = column.astype(float)
            else:
                levels = sorted(column.unique())[1:]
                found |= {f"{name}[T.{x}]": (column == x).astype(float) for x in levels}
        return pd.DataFrame(found)

    @property
    def terms(self) -> list[str]:
        """The names of an answer's numbers, in order."""
        return (["Intercept"] if self.analysis == "logistic" else []) + list(self.design)

    def question(self, tool: str) -> dict[str, Any]:
        """Return what a task says: method and arguments."""
        if tool == OURS:
            method = load_central(self.analysis).name
            return {"method": method, "kwargs": dict(self.arguments)}
        theirs = PUBLISHED[tool]
        asked = theirs.arguments(self.arguments.get("outcome", ""), self.columns)
        return {"method": theirs.method, "kwargs": asked}

    def answer(self, tool: str, found: Any) -> tuple[Array, Array]:
        """Return estimates and standard errors (means and standard deviations) of a result."""
        return answers(found) if tool == OURS else PUBLISHED[tool].answers(found, self.terms)

    def truth(self, near: Array) -> tuple[Array, Array]:
        """Return the reference, in long double, from an answer nearby."""
        rows, columns = self.whole, self.design.to_numpy()
        if self.analysis == "summary":
            return long_digits.moments(columns)
        if self.analysis == "logistic":
            outcome = rows[self.arguments["outcome"]].to_numpy()
            design = np.column_stack([np.ones(len(rows)), columns])
            return long_digits.logistic(design, outcome, near)
        time, event = (rows[self.arguments[name]].to_numpy() for name in ("time", "event"))
        return long_digits.cox(columns, time, event, rows["site"].to_numpy(), near)


def cases(*, repeats: int | None = None) -> list[NodeCase]:
    """Return the cases of ``[[nodes]]``; ``repeats`` stands for every case's own."""
    found = []
    for entry in CASES["nodes"]:
        made = _drawn(entry) if entry["data"] == "drawn" else _real(entry)
        times = repeats or entry["repeats"]
        shared = {name: entry[name] for name in ("analysis", "data", "peers")}
        found.append(NodeCase(**shared, **made, repeats=times))
    return found


def _drawn(entry: dict[str, Any]) -> dict[str, Any]:
    case = Case(entry["analysis"], entry["rows"], entry["predictors"], SITES)
    return {
        "label": f"drawn{case.analysis}",
        "frames": case.frames(),
        "columns": case.columns,
        "arguments": case.arguments,
    }


def _real(entry: dict[str, Any]) -> dict[str, Any]:
    columns = {"columns" if entry["analysis"] == "summary" else "predictors": entry["columns"]}
    asked = {name: entry[name] for name in ("outcome", "time", "event") if name in entry}
    return {
        "label": entry["data"],
        "frames": [part.reset_index(drop=True) for part in split(dataset(entry["data"]), "three")],
        "columns": entry["columns"],
        "arguments": asked | columns,
    }
