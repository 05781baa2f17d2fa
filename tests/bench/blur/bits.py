"""Bits told and held of a site's predictors in every reference model that the limits accept.

The site is the smallest of the splits' that the shipped limits accept, all rows if need be. Told:
1/2 log2 det(1 + V), V the covariance, in units of the noise, of all that the site tells over tables
in which some columns are permuted against the rest. Held: -log2 of the chance of the true table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from helpers.blur_bits import held_of, log2_det, subsets
from helpers.blur_decoder import Table
from helpers.blur_models import secret
from helpers.blur_replay import Telling, telling
from helpers.reference_cases import Case, dataset, load, sites
from v6_clinical.disclosure import Policy
from v6_clinical.model.columns import CategoricalColumn, SiteColumn
from v6_clinical.numerics.arrays import Array
from v6_clinical.platforms import local

MODELS = {
    f"{analysis}-{case.id}": (analysis, case)
    for analysis in ("logistic", "glm", "cox")
    for case in load(analysis)
    if "error" not in case.expected
}
TABLES = 500
# The sites have answered; the centre could not finish.
RAN = frozenset({"NOT_CONVERGED", "SEPARATION", "SINGULAR"})


@dataclass(frozen=True)
class Bits:
    """Bits told and held of some columns of a model's site."""

    columns: tuple[str, ...]
    told: float
    held: float

    @property
    def ratio(self) -> float:
        """Told of held; 0 where nothing is held."""
        return self.told / self.held if self.held else 0.0


@cache
def accepted(name: str, noise: tuple[float, float]) -> Telling | None:
    """Return what the smallest site that the limits accept tells in a model; None without one.

    Its partner has all rows, and no limits.
    """
    analysis, case = MODELS[name]
    others = dataset(case.data)
    for frame in _sites(case):
        found = _told(analysis, case, [frame, others], *noise)
        if found is not None:
            return found
    return None


def _sites(case: Case) -> list[pd.DataFrame]:
    found = [frame for split in case.splits for frame in sites(case.data, split)]
    return sorted(found, key=len)


def _told(
    analysis: str, case: Case, frames: Sequence[pd.DataFrame], tau: float, floor: float
) -> Telling | None:
    blurred: Any = {"blur": tau, "blur_rows": floor}
    policies = [
        Policy(**blurred, secret=secret(1)),
        replace(Policy.open(), **blurred, secret=secret(2)),
    ]
    with telling(secret(1)) as found:
        result = local.run(analysis, frames, case.request, policy=policies)
    code = (result["error"] or {}).get("code")
    if code in ("BAD_REQUEST", "INTERNAL", "BAD_ANSWER"):
        raise AssertionError(result["error"])
    return found if code is None or code in RAN else None


def bits(found: Telling, tables: int = TABLES) -> Iterator[Bits]:
    """Yield bits told and held of each column, each pair, and all."""
    table, names = table_of(found), list(found.columns)
    rng = np.random.default_rng(len(table.rows))
    n = len(table.rows)
    for some in subsets(len(names) + 1):
        first = _permuted(found, [names[j] for j in some], rng, n, tables)
        more = first.shape[1] * 3 // 2 - tables  # a covariance of m numbers needs more than m
        if more > 0:
            again = _permuted(found, [names[j] for j in some], rng, n, more)
            first = np.concatenate([first, again])
        told = log2_det(np.cov(first.T))
        yield Bits(tuple(names[j] for j in some), told, held_of(table, some))


def of_columns(found: Telling, tables: int = TABLES) -> dict[str, Bits]:
    """Return bits told and held of each column, all others known: the largest are among these."""
    table, rng = table_of(found), np.random.default_rng(len(found.columns))
    bits_of = {}
    for place, name in enumerate(found.columns):
        told = _permuted(found, [name], rng, len(table.rows), tables)
        more = told.shape[1] * 6 // 5 - tables
        if more > 0:
            again = _permuted(found, [name], rng, len(table.rows), more)
            told = np.concatenate([told, again])
        bits_of[name] = Bits((name,), log2_det(np.cov(told.T)), held_of(table, (place,)))
    return bits_of


def _permuted(
    found: Telling, names: Sequence[str], rng: np.random.Generator, n: int, count: int
) -> Array:
    """Return what tables tell in which these columns are permuted, shape (count, m)."""
    rows = np.tile(np.arange(n), (count, 1))
    return found.numbers({name: rng.permuted(rows, axis=1) for name in names})


def table_of(found: Telling) -> Table:
    """Return a site's predictors, and in the last column which of the rest are alike."""
    rest = np.unique(np.column_stack(found.others), axis=0, return_inverse=True)[1].ravel()
    columns = [_values(column) for column in found.columns.values()]
    return Table.of([*found.columns, "rest"], [*columns, rest])


def _values(column: SiteColumn) -> Any:
    return column.codes if isinstance(column, CategoricalColumn) else column.values
