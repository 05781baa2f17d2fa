"""The site's steps of ``summary``: nothing is sent that the policy has not let pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from v6_clinical.disclosure import Policy
from v6_clinical.disclosure.survey import survey
from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.analysis import Place, SiteAnswer
from v6_clinical.protocol.sums import Noise, Sums
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
from v6_summary.moments import FirstSums, first_sums
from v6_summary.row_sets import RowSets, largest
from v6_summary.site_tables import (
    categorical_sums,
    check_present,
    grouped,
    noise_of,
    numeric_sums,
    own_sums,
    paired,
)

__all__ = ["LEAVES", "QUESTIONS", "STEPS"]

KINDS: tuple[Kind, ...] = ("numeric", "boolean", "text")
# Too few rows of something: the column is withheld, and the others are told.
RARE = frozenset({"MIN_ROWS", "RARE_LEVEL", "RARE_VALUE", "DOMINANT_ROW", "TOO_MANY_LEVELS"})


def describe(
    frame: pd.DataFrame, arguments: Mapping[str, Any], policy: Policy, place: Place
) -> SiteAnswer:
    """Round 1: kinds, levels, and enough of moments and cells to choose shifts and points."""
    question = questions.Describe.read(arguments)
    series = _columns(frame, question.names, policy)
    kinds, first = np.zeros((len(series), len(KINDS))), [FirstSums()] * len(series)
    tallies: dict[str, Mapping[str, float]] = {}
    blurred: dict[int, Array] = {}
    groups = _own_groups(series, question, policy)
    refusals: list[RefusalError] = []
    for i, (name, column) in enumerate(series.items()):
        kind = kind_of(column, name)
        if kind in KINDS:
            kinds[i, KINDS.index(kind)] = 1
        try:
            levels, values = _described(column, name, kind, question, policy)
        except RefusalError as refusal:
            if refusal.code not in RARE or name == question.group_by:
                raise
            refusals.append(refusal)
            tallies[f"withheld/{i}"] = {refusal.code: 1.0}
            continue
        if levels:
            tallies[f"levels/{i}"] = dict.fromkeys(levels, 1.0)
        if values is not None:
            first[i] = first_sums(present(values))
            if not policy.masked:  # where cells end is the site's own
                tallies |= _outline(i, values, groups, policy)
            if policy.noise.on:
                blurred[i] = values
    if refusals and len(refusals) == len(series) - (question.group_by is not None):
        raise refusals[0]  # nothing would be left to tell
    noise = _blur_first(first, blurred, kinds[:, 0] * question.correlation, policy)
    sums = Sums(
        {"kinds": kinds, "moments": np.array(first, dtype=np.float64)}, tallies, noise=noise
    )
    return SiteAnswer(sums, _rows(series, policy), len(frame) > 0)


def tabulate(
    frame: pd.DataFrame, arguments: Mapping[str, Any], policy: Policy, place: Place
) -> SiteAnswer:
    """Round 2: the sums behind every table of the result, and finer points where asked."""
    question = questions.Tabulate.read(arguments)
    if question.per_site:
        policy.check_per_site()
    series = _columns(frame, question.names, policy)
    for name, column in series.items():
        _usable(column, policy, name)
    groups = _groups(series, question.group, policy)
    arrays: dict[str, Array] = {}
    values = [_numbers(series[c.name], c.name, policy, c.shift) for c in question.numeric]
    row_sets = None
    if policy.noise.on:
        row_sets = RowSets(values, policy.noise, together=question.correlation)
    for i, numeric in enumerate(question.numeric):
        rows = GroupedColumn(values[i], groups, policy)
        arrays |= numeric_sums(i, numeric, values[i], rows, groups, policy, row_sets)
        arrays |= _finer(question.finer, numeric.name, rows)
    for i, factor in enumerate(question.categorical):
        labels_found = _recode(series[factor.name], factor, policy)
        arrays |= categorical_sums(i, labels_found, groups, policy)
    if question.group is not None:
        arrays["grouped"] = grouped(arrays, question)
    if question.correlation:
        if policy.masked:
            here = {c.name: ~np.isnan(x) for c, x in zip(question.numeric, values, strict=True)}
            check_present(here, together=True)
        shifts = np.array([numeric.shift for numeric in question.numeric])
        arrays |= paired(values, shifts, policy, row_sets)
    if question.per_site:
        arrays |= own_sums(arrays, place)
    sums = Sums(arrays, noise=noise_of(arrays, row_sets))
    return SiteAnswer(sums, _rows(series, policy), len(frame) > 0)


def refine(
    frame: pd.DataFrame, arguments: Mapping[str, Any], policy: Policy, place: Place
) -> SiteAnswer:
    """Round 3: finer points still, in cells that obey the same rule."""
    question = questions.Refine.read(arguments)
    series = _columns(frame, question.names, policy)
    for name, column in series.items():
        _usable(column, policy, name)
    groups = _groups(series, question.group, policy)
    arrays: dict[str, Array] = {}
    for name in dict.fromkeys(finer.name for finer in question.windows):
        rows = GroupedColumn(numbers(series[name], name), groups, policy)
        arrays |= _finer(question.windows, name, rows)
    return SiteAnswer(Sums(arrays), _rows(series, policy), len(frame) > 0)


def _blur_first(
    first: list[FirstSums], columns: Mapping[int, Array], together: Array, policy: Policy
) -> dict[str, Noise]:
    """Put noise on what ``describe`` tells of numbers, in place; return what is told of it.

    The draw is that of ``tabulate``: of each column by itself, or of those marked ``together``,
    shape (columns,). Columns of true and false, which have levels there, are by themselves.
    """
    if not policy.noise.on:
        return {}
    told = []
    alone = [[i] for i in columns if not together[i]]
    for places in ([i for i in columns if together[i]], *alone):
        row_sets = RowSets([columns[i] for i in places], policy.noise, together=True)
        for k, i in enumerate(places):
            first[i] = row_sets.of(k).first(k, first[i])
        told += row_sets.scales
    return {"moments": largest(told)}


def _columns(frame: pd.DataFrame, names: tuple[str, ...], policy: Policy) -> dict[str, pd.Series]:
    policy.check_columns(name.strip() for name in names)
    series = select(frame, names)
    policy.check_rows(len(frame))
    if policy.masked:
        check_present({name: column.notna().to_numpy() for name, column in series.items()})
    return series


def _usable(column: pd.Series, policy: Policy, name: str) -> int:
    """R1 for one column: rows with a value are 0, or at least min rows."""
    n = int(column.notna().sum())
    policy.check_rows(n, name)
    return n


def _described(
    column: pd.Series, name: str, kind: Kind, question: questions.Describe, policy: Policy
) -> tuple[tuple[str, ...], Array | None]:
    """Return the levels of a column that may be listed, and its numbers if it holds numbers.

    Raises
    ------
    RefusalError
        With a code of ``RARE`` where too few rows make something of it.
    """
    n = _usable(column, policy, name)
    coded = name in question.levels or name == question.group_by
    numeric = kind in ("numeric", "boolean") and not coded
    values = _numbers(column, name, policy) if numeric else None
    listed = n and (kind in ("text", "boolean") or coded)
    return _levels(column, name, kind, question, policy) if listed else (), values


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
            part = column.curve(finer.window.window(), finer.group)
            if part is not None:
                arrays[f"finer/{k}"] = part
    return arrays


QUESTIONS = {
    "describe": questions.Describe,
    "tabulate": questions.Tabulate,
    "refine": questions.Refine,
}
STEPS = {"describe": describe, "tabulate": tabulate, "refine": refine}
