"""The table of tests between groups, and what is to be said about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_summary.comparison import (
    Test,
    chi_square,
    fisher,
    is_sparse,
    smd_levels,
    smd_means,
    welch,
)
from v6_summary.plan import Withheld
from v6_summary.pooled import Pooled
from v6_summary.ranks import rank_test

Record = dict[str, Any]
Warnings = Iterator[dict[str, str]]


@dataclass(frozen=True)
class Compared:
    """The tests of one variable, the usual one first, and its SMD: infinite, or NaN if undefined.

    ``told``: no count was withheld. ``sparse``: few rows are expected in a cell.
    """

    variable: str
    tests: tuple[Test, ...]
    smd: float
    told: bool = True
    sparse: bool = False

    def records(self) -> list[Record]:
        """Return a record of the table ``comparison`` for each test."""
        return [
            {
                "variable": self.variable,
                "test": test.name,
                **{
                    name: number(getattr(test, name))
                    for name in ("statistic", "df", "df2", "p_value", "p_low", "p_high")
                },
                "smd": number(self.smd),
            }
            for test in self.tests
        ]

    def warnings(self) -> Warnings:
        """Say why a number is missing, and where a test is approximate."""
        if np.isinf(self.smd):
            text = (
                f"The SMD of '{self.variable}' is infinite, and left out: groups differ "
                "in something that does not vary within them, such as levels that they do not "
                "share."
            )
            yield {"code": "SMD_INFINITE", "message": text}
        usual = self.tests[0]
        if usual.name.startswith("welch") and np.isnan(usual.p_value):
            text = (
                f"Welch's test of '{self.variable}' does not exist: a group has one row "
                "or no spread, or all rows are in one group."
            )
            yield {"code": "NO_SPREAD", "message": text}
        if self.sparse:
            beside = any(test.name == "fisher" for test in self.tests)
            text = (
                f"In a cell of '{self.variable}' fewer than 5 rows are expected: Pearson's "
                "chi-square is approximate. "
                + ("Fisher's exact test stands beside it." if beside else "Merge levels, if any.")
            )
            yield {"code": "FEW_EXPECTED", "message": text}


def compare_numbers(pooled: Pooled, i: int) -> Compared:
    """Compare the groups' means and ranks of a numeric column."""
    about = [pooled.moments(i, g) for g in range(len(pooled.groups))]
    tests = welch(about), rank_test(pooled.placed(i))
    return Compared(pooled.question.numeric[i].name, tests, smd_means(about))


def compare_levels(pooled: Pooled, i: int) -> Compared:
    """Compare the groups' counts of the levels of a categorical column."""
    name = pooled.question.categorical[i].name
    found = [pooled.counts(i, g) for g in range(len(pooled.groups))]
    if any(withheld.any() for _, withheld in found):
        return Compared(name, (Test("chi_square"),), np.nan, told=False)
    table: Array = np.column_stack([counts for counts, _ in found])
    exact = fisher(table)
    tests = (chi_square(table),) if exact is None else (chi_square(table), exact)
    return Compared(name, tests, smd_levels(table), sparse=is_sparse(table))


def not_compared(column: Withheld, groups: int) -> Compared:
    """Return empty tests of a column that is withheld."""
    if not column.numeric:
        return Compared(column.name, (Test("chi_square"),), np.nan, told=False)
    names = ("welch_t", "wilcoxon") if groups == 2 else ("welch_anova", "kruskal")
    return Compared(column.name, tuple(Test(name) for name in names), np.nan, told=False)


def number(value: float | None) -> float | None:
    """Return a plain number, or None where it does not exist: NaN never reaches JSON."""
    return None if value is None or not np.isfinite(value) else float(value)
