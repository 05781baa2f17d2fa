"""Levels of a categorical column: merged as the request says, and agreed over the sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from v6_clinical.model.columns import CategoricalColumn
from v6_clinical.model.errors import FormulaError


def check_collapse(column: str, groups: Mapping[str, Sequence[str]]) -> None:
    """Check that no label is merged into two levels.

    Raises
    ------
    FormulaError
        Naming the label, which the request itself contains.
    """
    seen: set[str] = set()
    for label in (label for group in groups.values() for label in group):
        if label in seen:
            raise FormulaError(f"collapse names '{label}' twice", column, "Name each label once.")
        seen.add(label)


def merge(found: CategoricalColumn, groups: Mapping[str, Sequence[str]]) -> CategoricalColumn:
    """Return the column with levels merged: each of ``groups`` is a new level of old labels.

    Labels that no group names stay; a new level that exists already takes in the group. Groups
    are applied at once, not one after the other. Levels come out sorted.
    """
    renamed = {old: new for new, group in groups.items() for old in group}
    labels = [renamed.get(label, label) for label in found.levels]
    levels = tuple(sorted(set(labels)))
    place = {level: index for index, level in enumerate(levels)}
    table = np.array([place[label] for label in labels] + [-1], dtype=np.int64)
    return CategoricalColumn(table[found.codes], levels)


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
