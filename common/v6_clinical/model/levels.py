"""Levels of a categorical column, agreed over the sites."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from v6_clinical.labels import in_order, one_spelling, places
from v6_clinical.model.errors import FormulaError

CODEBOOK = (
    "Give levels={{'{0}': [...]}}, such as [0, 1]: every site then reads the column in these "
    "words. Or ask the sites to store it alike."
)


def agree(
    column: str,
    reported: Sequence[str],
    codebook: Sequence[str] | None = None,
    reference: str | None = None,
    stored: Collection[str] = (),
) -> tuple[tuple[str, ...], str]:
    """Return the agreed levels and the reference.

    Parameters
    ----------
    reported
        Levels from all sites, each once or more.
    codebook
        The request's levels, which go before what sites report.
    reference
        The request's reference; default the first level, in the order of ``labels.in_order``.
    stored
        The ways in which sites store the column.

    Raises
    ------
    FormulaError
        If there is no level, or the reference is not among them; if a model cannot compare
        levels, for there is one; if sites that store the column in different types spell a level
        in two ways, such as 1 and true.
    """
    if codebook is None:
        check_spelling(column, reported, stored)
    levels = tuple(in_order(reported) if codebook is None else codebook)
    if not levels:
        remedy = "Give levels=..., or leave the column out."
        raise FormulaError("no site reports a level", column, remedy)
    if reference is None:
        return levels, levels[0]
    (place,) = places([reference], levels)
    if place < 0:
        problem = f"the reference '{reference}' is not a level"
        raise FormulaError(problem, column, f"Levels are {', '.join(levels)}.")
    return levels, levels[place]


def check_spelling(column: str, reported: Collection[str], stored: Collection[str]) -> None:
    """Refuse levels that are one number spelt twice, where sites store a column in different types.

    Raises
    ------
    FormulaError
        Naming the column.
    """
    if len(stored) > 1 and not one_spelling(reported):
        problem = "sites store this column in different types (as 1 and true, or as 1 and '1.0')"
        raise FormulaError(problem, column, CODEBOOK.format(column))
