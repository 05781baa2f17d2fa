"""Reference cases: what R says of the pooled rows, and the splits of the rows into sites."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
import pytest

from helpers.folders import DATA, REFERENCE


@dataclass(frozen=True)
class Case:
    """One analysis of one data set and the numbers that R gives.

    Attributes
    ----------
    id : str
        Name of the case, for ``pytest.param(..., id=case.id)``.
    data : str
        Name of the data set in ``tests/data``.
    r_call : str
        The R call behind the numbers.
    request : dict
        Arguments of our central function.
    expected : dict
        R's numbers under the names of our result, or ``error`` and the guilty ``terms``.
    splits : tuple of str
        Names of the splits into sites on which the numbers hold.
    """

    id: str
    data: str
    r_call: str
    request: dict[str, Any]
    expected: dict[str, Any]
    splits: tuple[str, ...]


def load(analysis: str) -> list[Case]:
    """Return the cases of one analysis.

    Parameters
    ----------
    analysis : str
        ``"summary"``, ``"logistic"`` or ``"cox"``.
    """
    text = (REFERENCE / f"{analysis}.json").read_text(encoding="utf-8")
    cases = json.loads(text)["cases"]
    return [Case(**{**case, "splits": tuple(case["splits"])}) for case in cases]


def dataset(name: str) -> pd.DataFrame:
    """Return the pooled rows of a data set, read to the last digit.

    Parameters
    ----------
    name : str
        Name of a CSV file in ``tests/data``, without the ending.
    """
    return pd.read_csv(DATA / f"{name}.csv", float_precision="round_trip")


@cache
def _splits() -> dict[str, dict[str, list[list[int]]]]:
    splits: dict[str, dict[str, list[list[int]]]] = json.loads(
        (DATA / "splits.json").read_text(encoding="utf-8")
    )
    return splits


def repeats(split: str) -> list[pytest.MarkDecorator]:
    """Return the marks of a split's tests: what holds in one site and three is proved again."""
    return [pytest.mark.repeats] if split in ("2", "5", "7") else []


def over_splits(*splits: str) -> pytest.MarkDecorator:
    """Run a test with each ``split``, those of which :func:`repeats` speaks in ci/repeats only."""
    found = [pytest.param(split, marks=repeats(split)) for split in splits]
    return pytest.mark.parametrize("split", found)


def sites(name: str, split: str) -> list[pd.DataFrame]:
    """Return the rows of a data set as the sites of a split hold them.

    Parameters
    ----------
    name : str
        Name of the data set.
    split : str
        ``"1"``, ``"3"``, ``"5"``; for lung also ``"centres"`` and ``"all_missing"``.
    """
    pooled = dataset(name)
    return [pooled.iloc[rows].reset_index(drop=True) for rows in _splits()[name][split]]
