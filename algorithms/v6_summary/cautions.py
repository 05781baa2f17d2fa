"""What is missing from the tables, and why: the result's warnings; no count that is withheld."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from v6_summary.compared import Compared
from v6_summary.plan import Withheld
from v6_summary.pooled import ALL, Group, Pooled

Warnings = Iterator[dict[str, str]]
MANY_MISSING = 0.1  # a share of the rows that is worth a word
CAUSES: Final = {
    "MIN_ROWS": "few rows have a value there: leave the site out.",
    "RARE_LEVEL": "a level has few rows there: merge levels with collapse=..., or give a codebook "
    "with levels=..., which withholds the small counts only.",
    "RARE_VALUE": "all but a few rows share one value there: give a codebook with levels=..., "
    "which makes the column categorical, or leave the site out.",
    "DOMINANT_ROW": "one large value, or very few, dominate the column there: ask the site to "
    "correct an outlier or to store a logarithm, or leave the site out.",
    "TOO_MANY_LEVELS": "it holds too many different labels there: summarise numbers or categories.",
}


def cautions(
    pooled: Pooled, withheld: Sequence[Withheld], compared: Sequence[Compared]
) -> list[dict[str, str]]:
    """Return the warnings of a result."""
    groups: list[Group] = [None, *range(len(pooled.groups))]
    return [
        *_columns(withheld),
        *_groups(pooled),
        *_missing(pooled),
        *_high_orders(pooled, groups),
        *_cells(pooled, groups),
        *_pairs(pooled),
        *(warning for one in compared if one.told for warning in one.warnings()),
    ]


def _columns(withheld: Sequence[Withheld]) -> Warnings:
    for column in withheld:
        causes = " ".join(
            f"{code} at {round(sites)} site(s): {CAUSES.get(code, '')}"
            for code, sites in sorted(column.codes.items())
        )
        yield {"code": "COLUMN_WITHHELD", "message": f"'{column.name}' is left out. {causes}"}


def _groups(pooled: Pooled) -> Warnings:
    for name, sites in pooled.ungrouped_sites().items():
        text = (
            f"{sites} site(s) withhold the group sums of '{name}': a group, or the rows "
            "without one, are too few there. Group rows leave them out."
        )
        yield {"code": "GROUPS_WITHHELD", "message": text}
    group, without = pooled.question.group, pooled.rows_without_group()
    if group is not None and without:
        text = f"In {without} rows the group is missing ('{group.name}'): they are in '{ALL}' only."
        yield {"code": "GROUP_MISSING", "message": text}


def _missing(pooled: Pooled) -> Warnings:
    for name, n, missing in pooled.incomplete():
        if missing >= MANY_MISSING * (n + missing):
            text = f"'{name}' is missing in {missing} of {n + missing} rows."
            yield {"code": "MANY_MISSING", "message": text}


def _high_orders(pooled: Pooled, groups: Sequence[Group]) -> Warnings:
    for i, column in enumerate(pooled.question.numeric):
        hidden = [pooled.group_name(g) for g in groups if pooled.withholds_high_orders(i, g)]
        if hidden:
            text = (
                f"Skewness and kurtosis of '{column.name}' need more rows in every group, "
                f"and of each value if it has few ({', '.join(hidden)})."
            )
            yield {"code": "HIGH_ORDERS_WITHHELD", "message": text}


def _cells(pooled: Pooled, groups: Sequence[Group]) -> Warnings:
    for i, factor in enumerate(pooled.question.categorical):
        if any(pooled.counts(i, g)[1].any() for g in groups):
            text = f"Levels of '{factor.name}' are suppressed: too few rows at a site."
            yield {"code": "CELLS_SUPPRESSED", "message": text}


def _pairs(pooled: Pooled) -> Warnings:
    if any(pair.withheld for pair in pooled.pair_sums()):
        text = (
            "Some sites withhold correlations: two columns differ in too few rows, are "
            "missing in too few, or few rows make a combination of columns."
        )
        yield {"code": "PAIRS_WITHHELD", "message": text}
