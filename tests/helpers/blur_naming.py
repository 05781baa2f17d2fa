"""What a posterior over tables says of lone patients."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from helpers.blur_decoder import Table
from v6_clinical.numerics.arrays import Array

SURE = 0.9  # posterior above which a row is named


@dataclass(frozen=True)
class Named:
    """What a posterior says of lone patients: those whose columns nobody else has.

    Parameters
    ----------
    share, right, wrong
        Share of the lone whose row with outcome is named, the only one with these columns, at a
        posterior above .9; how many rows are named rightly and wrongly.
    placed
        Share of all rows that a table of the posterior has in common with the true one.
    """

    share: float
    right: int
    wrong: int
    lone: int
    placed: float


def named(table: Table, tables: Array, outcomes: int = 1) -> Named:
    """Return what tables of cells, shape (tables, n), name; the outcome is the last column(s)."""
    per = math.prod(table.sizes[-outcomes:]) if outcomes else 1
    truth = table.at()
    lone = _alone(truth, per)
    counts: dict[int, int] = {}
    common = 0
    for cells in tables:
        for cell in _alone(cells, per):
            counts[cell] = counts.get(cell, 0) + 1
    true = np.bincount(truth)
    for cells in tables[:: max(len(tables) // 50, 1)]:
        there = np.bincount(cells, minlength=len(true))
        common += int(np.minimum(there[: len(true)], true).sum())
    sure = {cell for cell, count in counts.items() if count > SURE * len(tables)}
    right = len(sure & lone)
    looked = len(tables[:: max(len(tables) // 50, 1)])
    return Named(
        right / max(len(lone), 1),
        right,
        len(sure - lone),
        len(lone),
        common / looked / len(truth),
    )


def _alone(cells: Array, per: int) -> set[int]:
    """Return the cells of rows that share what is before the outcome with no other row."""
    columns = cells // per
    _, index, count = np.unique(columns, return_index=True, return_counts=True)
    return set(cells[index[count == 1]].tolist())
