"""Levels of a categorical column, agreed over the sites."""

from __future__ import annotations

from collections.abc import Sequence

from v6_clinical.model.errors import FormulaError


def agree(
    column: str,
    reported: Sequence[str],
    codebook: Sequence[str] | None = None,
    reference: str | None = None,
) -> tuple[tuple[str, ...], str]:
    """Return the agreed levels and the reference.

    Parameters
    ----------
    reported
        Levels from all sites, each once or more.
    codebook
        The request's levels, which go before what sites report.
    reference
        The request's reference; default the first level.

    Raises
    ------
    FormulaError
        If there is no level, or the reference is not among them.
    """
    levels = tuple(sorted(set(reported)) if codebook is None else codebook)
    if not levels:
        remedy = "Give levels=..., or leave the column out."
        raise FormulaError("no site reports a level", column, remedy)
    chosen = levels[0] if reference is None else reference
    if chosen not in levels:
        problem = f"the reference '{chosen}' is not a level"
        raise FormulaError(problem, column, f"Levels are {', '.join(levels)}.")
    return levels, chosen
