"""The site side: three pure steps, (table, question, policy) to sums.

``describe`` tells what the columns hold, ``tabulate`` sends the sums of every table and finer
points where quantiles lie, ``refine`` finer ones still.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from v6_clinical.disclosure import Policy
from v6_clinical.disclosure.dominance import survey
from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.blocks import centred_squares, row_blocks
from v6_clinical.protocol.analysis import Place, SiteAnswer
from v6_clinical.protocol.sums import Sums
from v6_clinical.table import (
    Kind,
    Labels,
    categories,
    kind_of,
    labels,
    looks_numeric,
    numbers,
    present,
    recode,
    select,
)
from v6_summary import questions
from v6_summary.grouping import GroupedColumn, cross, groups_allowed
from v6_summary.leaves import LEAVES
from v6_summary.pairs import pair_sums
from v6_summary.site_tables import categorical_sums, grouped, numeric_sums, own_sums

__all__ = ["LEAVES", "NAME", "STEPS"]

NAME = "summary"
KINDS: tuple[Kind, ...] = ("numeric", "boolean", "text", "empty")


def describe(
    frame: pd.DataFrame, arguments: Mapping[str, Any], policy: Policy, place: Place
) -> SiteAnswer:
    """Round 1: kinds, levels, and enough of moments and cells to choose shifts and points."""
    question = questions.Describe.from_json(arguments)
    series = _columns(frame, question.names, policy)
    kinds = np.zeros((len(series), len(KINDS)))
    spread = np.zeros((len(series), 5))
    tallies: dict[str, Mapping[str, float]] = {}
    values = {}
    for i, (name, column) in enumerate(series.items()):
        kind = kind_of(column, name)
        n = _usable(column, policy, name)
        kinds[i, KINDS.index(kind)] = 1
        coded = name in question.levels or name == question.group_by
        if kind in ("numeric", "boolean") and not coded:
            values[i] = _numbers(column, name, policy)
            spread[i] = _spread(values[i])
        if n and (kind in ("text", "boolean") or coded):
            levels = _levels(column, name, kind, question, policy)
            tallies[f"levels/{i}"] = dict.fromkeys(levels, 1.0)
    groups = _own_groups(series, question, policy)
    for i, found in values.items():
        tallies |= _outline(i, found, groups, policy)
    return SiteAnswer(
        Sums({"kinds": kinds, "spread": spread}, tallies), _rows(series, policy), len(frame) > 0
    )


def tabulate(
    frame: pd.DataFrame, arguments: Mapping[str, Any], policy: Policy, place: Place
) -> SiteAnswer:
    """Round 2: the sums behind every table of the result, and finer points where asked."""
    question = questions.Tabulate.from_json(arguments)
    if question.per_site:
        policy.check_per_site()
    series = _columns(frame, question.names, policy)
    for name, column in series.items():
        _usable(column, policy, name)
    groups = _groups(series, question.group, policy)
    arrays: dict[str, Array] = {}
    values = {}
    for i, numeric in enumerate(question.numeric):
        found = _numbers(series[numeric.name], numeric.name, policy, numeric.shift)
        values[numeric.name] = found
        rows = GroupedColumn(found, groups, policy)
        arrays |= numeric_sums(i, numeric, found, rows, groups, policy)
        arrays |= _finer(question.finer, numeric.name, rows)
    for i, factor in enumerate(question.categorical):
        labels_found = _recode(series[factor.name], factor, policy)
        arrays |= categorical_sums(i, labels_found, groups, policy)
    if question.group is not None:
        arrays["grouped"] = grouped(arrays, question)
    if question.correlation:
        shifts = np.array([numeric.shift for numeric in question.numeric])
        arrays |= pair_sums(list(values.values()), shifts, policy)
    if question.per_site:
        arrays |= own_sums(arrays, place)
    return SiteAnswer(Sums(arrays), _rows(series, policy), len(frame) > 0)


def refine(
    frame: pd.DataFrame, arguments: Mapping[str, Any], policy: Policy, place: Place
) -> SiteAnswer:
    """Round 3: finer points still, in cells that obey the same rule."""
    question = questions.Refine.from_json(arguments)
    series = _columns(frame, question.names, policy)
    for name, column in series.items():
        _usable(column, policy, name)
    groups = _groups(series, question.group, policy)
    arrays: dict[str, Array] = {}
    for name in dict.fromkeys(finer.name for finer in question.windows):
        rows = GroupedColumn(numbers(series[name], name), groups, policy)
        arrays |= _finer(question.windows, name, rows)
    return SiteAnswer(Sums(arrays), _rows(series, policy), len(frame) > 0)


def _columns(frame: pd.DataFrame, names: tuple[str, ...], policy: Policy) -> dict[str, pd.Series]:
    policy.check_columns(name.strip() for name in names)
    series = select(frame, names)
    policy.check_rows(len(frame))
    return series


def _usable(column: pd.Series, policy: Policy, name: str) -> int:
    """R1 for one column: rows with a value are 0, or at least min rows."""
    n = int(column.notna().sum())
    policy.check_rows(n, name)
    return n


def _numbers(column: pd.Series, name: str, policy: Policy, shift: float | None = None) -> Array:
    """Return a numeric column; R5: the sum of a column that few rows make is these rows'."""
    values = numbers(column, name)
    about = survey(present(values)[:, None])
    policy.check_design(about, [name], [False])
    if shift is not None:
        policy.check_shift(about, [shift], "shift", name)
    return values


def _rows(series: Mapping[str, pd.Series], policy: Policy) -> int | None:
    """Return the row count, unless it would give a withheld missing count away."""
    columns = list(series.values())
    missing = np.array([int(column.isna().sum()) for column in columns])
    shown = policy.allow_small_missing or not policy.is_small(missing).any()
    return len(columns[0]) if shown else None


def _spread(values: Array) -> Array:
    """Return n, sum, squares about the site's mean, n mean^2, and 1 for whole numbers only."""
    values = present(values)
    n, (mean, within) = len(values), centred_squares(values)
    if not n:
        return np.zeros(5)
    blocks = (values[rows] for rows in row_blocks(n))
    whole = float(all((block == np.round(block)).all() for block in blocks))
    return np.array([n, values.sum(), within, n * mean**2, whole])


def _levels(
    column: pd.Series, name: str, kind: Kind, question: questions.Describe, policy: Policy
) -> tuple[str, ...]:
    try:
        found = categories(column, name, question.collapse.get(name, {}), policy)
        if name in question.levels:
            recode(found, question.levels[name], name)
            return ()
        policy.check_levels(found.counts(), name)
    except RefusalError as refusal:
        coded = name in question.levels or name == question.group_by
        if kind == "text" and not coded and looks_numeric(labels(column)):
            raise RefusalError("NOT_NUMERIC", [name]) from None
        raise refusal from None
    return found.levels


def _recode(column: pd.Series, factor: questions.Factor, policy: Policy) -> Labels:
    found = categories(column, factor.name, factor.collapse, policy)
    return recode(found, factor.levels, factor.name)


def _groups(
    series: Mapping[str, pd.Series], factor: questions.Factor | None, policy: Policy
) -> Labels | None:
    """Return the groups, or none where a group is too small: then no group sum is sent."""
    if factor is None:
        return None
    return _allowed(_recode(series[factor.name], factor, policy), policy)


def _allowed(groups: Labels, policy: Policy) -> Labels | None:
    return groups if groups_allowed(cross(groups, groups.codes >= -1), policy) else None


def _own_groups(
    series: Mapping[str, pd.Series], question: questions.Describe, policy: Policy
) -> Labels | None:
    """Return the groups in the codebook's levels, or in those that the site has rows of."""
    name = question.group_by
    if name is None:
        return None
    found = categories(series[name], name, question.collapse.get(name, {}), policy)
    if name in question.levels:
        found = recode(found, question.levels[name], name)
    return _allowed(found, policy)


def _outline(
    i: int, values: Array, groups: Labels | None, policy: Policy
) -> dict[str, Mapping[str, float]]:
    """Return the cells of a column, named by their bounds and, where they have one, their group."""
    column = GroupedColumn(values, groups, policy)
    levels = () if column.split is None or groups is None else groups.levels
    ends = [*(f" {level}" for level in levels), ""]
    parts = zip(ends, column.outline(), strict=True)
    cells = {f"{cell}{end}": rows for end, part in parts for cell, rows in part.items()}
    return {f"cells/{i}": cells}


def _finer(
    windows: tuple[questions.Finer, ...], name: str, column: GroupedColumn
) -> dict[str, Array]:
    """Return cumulative counts on the windows of a column, under their places among all."""
    arrays = {}
    for k, finer in enumerate(windows):
        if finer.name == name:
            curves = column.curves(finer.window)
            part = curves.get("group") if finer.group is not None else column.total(curves)
            if part is not None:
                arrays[f"finer/{k}"] = part if finer.group is None else part[:, finer.group]
    return arrays


STEPS = {"describe": describe, "tabulate": tabulate, "refine": refine}
