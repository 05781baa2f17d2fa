"""Data sets and their splits into sites, shared by the tests."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from helpers.folders import REFERENCE

OF_R = json.loads((REFERENCE / "summary.json").read_text())
CASES: dict[str, dict[str, Any]] = {case["id"]: case for case in OF_R["cases"]}
SPLITS = ("one", "three", "five", "no_level", "empty_column", "twelve_rows")
# A level and a numeric column of each set that a pathological site does without.
WITHOUT = {
    "lung": ("ph.ecog", 2, "meal.cal"),
    "gbsg2": ("tgrade", "I", "estrec"),
    "birthwt": ("ht", 1, "lwt"),
}


def dataset(name: str) -> pd.DataFrame:
    """Return the pooled rows."""
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


def split(frame: pd.DataFrame, kind: str, name: str = "lung") -> list[pd.DataFrame]:
    """Split rows over sites: the pooled rows stay the same whatever the split."""
    order = np.random.default_rng(7).permutation(len(frame))
    if kind == "one":
        return [frame]
    if kind == "three":
        return _cut(frame.iloc[order], 0.6, 0.9)
    if kind == "five":
        return _cut(frame.iloc[order], 0.4, 0.6, 0.8, 0.9)
    if kind == "twelve_rows":
        return [frame.iloc[order[:12]], *_cut(frame.iloc[order[12:]], 0.5)]
    column, level, numeric = WITHOUT[name]
    if kind == "no_level":
        without = frame[column] != level
        part = frame[without].iloc[: len(frame) // 4]
    else:  # empty_column: rows with the value missing are all of one site's rows
        part = frame[frame[numeric].isna()]
        if part.empty:  # nothing is missing: a site of no rows at all
            part = frame.iloc[:0]
    rest = frame.drop(index=part.index)
    return [part, *_cut(rest, 0.5)]


def _cut(frame: pd.DataFrame, *shares: float) -> list[pd.DataFrame]:
    cuts = [0, *(round(share * len(frame)) for share in shares), len(frame)]
    return [frame.iloc[a:b] for a, b in pairwise(cuts)]


def request(name: str) -> dict[str, Any]:
    """Return the request of a reference case: numbers coded as categories by a codebook."""
    case = CASES[name]
    levels: dict[str, list[str]] = {}
    for row in case["expected"]["categorical"]:
        found = levels.setdefault(row["variable"], [])
        if row["level"] not in found:
            found.append(row["level"])
    groups = [r["group"] for r in case["expected"]["numeric"] if r["group"] != "all"]
    levels[case["group_by"]] = list(dict.fromkeys(groups))
    return {
        "columns": case["columns"],
        "group_by": case["group_by"],
        "levels": levels,
        "correlation": True,
    }
