"""The site side: three pure steps, (table, question, policy) to sums.

``describe`` tells what the columns hold, ``tabulate`` sends the sums of every table, ``refine``
sends cumulative counts on finer points where a quantile lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from v6_clinical.analysis import Place, SiteAnswer
from v6_clinical.blocks import centred_squares, row_blocks
from v6_clinical.disclosure import Policy
from v6_clinical.dominance import survey
from v6_clinical.errors import RefusalError
from v6_clinical.sums import Sums
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
from v6_summary.moments import power_sums
from v6_summary.pairs import pair_sums
from v6_summary.suppression import publish

__all__ = ["LEAVES", "NAME", "STEPS"]

NAME = "summary"
Array = NDArray[np.float64]
KINDS: tuple[Kind, ...] = ("numeric", "boolean", "text", "empty")


def describe(
    frame: pd.DataFrame, arguments: Mapping[str, Any], policy: Policy, place: Place
) -> SiteAnswer:
    """Round 1: kinds, levels, and enough of the moments to choose shifts and grids."""
    question = questions.Describe.from_json(arguments)
    series = _columns(frame, question.names, policy)
    kinds = np.zeros((len(series), len(KINDS)))
    spread = np.zeros((len(series), 5))
    tallies = {}
    for i, (name, column) in enumerate(series.items()):
        kind = kind_of(column, name)
        n = _usable(column, policy, name)
        kinds[i, KINDS.index(kind)] = 1
        coded = name in question.levels or name == question.group_by
        if kind in ("numeric", "boolean") and not coded:
            spread[i] = _spread(_numbers(column, name, policy))
        if n and (kind in ("text", "boolean") or coded):
            levels = _levels(column, name, kind, question, policy)
            tallies[f"levels/{i}"] = dict.fromkeys(levels, 1.0)
    return SiteAnswer(
        Sums({"kinds": kinds, "spread": spread}, tallies), _rows(series, policy), len(frame) > 0
    )


def tabulate(
    frame: pd.DataFrame, arguments: Mapping[str, Any], policy: Policy, place: Place
) -> SiteAnswer:
    """Round 2: the sums behind every table of the result."""
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
        arrays |= _numeric(i, numeric, found, groups, policy)
    for i, factor in enumerate(question.categorical):
        labels_found = _recode(series[factor.name], factor, policy)
        arrays |= _categorical(i, labels_found, groups, policy)
    if question.group is not None:
        arrays["grouped"] = _grouped(arrays, question)
    if question.correlation:
        shifts = np.array([numeric.shift for numeric in question.numeric])
        arrays |= pair_sums(list(values.values()), shifts, policy)
    if question.per_site:
        arrays |= _own(arrays, place)
    return SiteAnswer(Sums(arrays), _rows(series, policy), len(frame) > 0)


def refine(
    frame: pd.DataFrame, arguments: Mapping[str, Any], policy: Policy, place: Place
) -> SiteAnswer:
    """Round 3: cumulative counts on finer points, in cells that obey the same rule."""
    question = questions.Refine.from_json(arguments)
    series = _columns(frame, question.names, policy)
    for name, column in series.items():
        _usable(column, policy, name)
    groups = _groups(series, question.group, policy)
    arrays: dict[str, Array] = {}
    wanted: dict[str, list[tuple[int, questions.Finer]]] = {}
    for i, finer in enumerate(question.windows):
        wanted.setdefault(finer.name, []).append((i, finer))
    for name, windows in wanted.items():
        rows = GroupedColumn(numbers(series[name], name), groups, policy)
        for i, finer in windows:
            curves = rows.curves(finer.window)
            part = curves.get("group") if finer.group is not None else rows.total(curves)
            if part is not None:
                arrays[f"finer/{i}"] = part if finer.group is None else part[:, finer.group]
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
    groups = _recode(series[factor.name], factor, policy)
    return groups if groups_allowed(cross(groups, groups.codes >= -1), policy) else None


def _numeric(
    i: int, numeric: questions.Numeric, values: Array, groups: Labels | None, policy: Policy
) -> dict[str, Array]:
    column = GroupedColumn(values, groups, policy)
    missing = np.isnan(values)
    arrays = {
        f"moments/{i}/all": power_sums(present(values), numeric.shift),
        f"missing/{i}/all": _missing(np.array([missing.sum()]), policy),
    }
    if column.split is not None and groups is not None:
        sums = [power_sums(values[rows], numeric.shift) for rows in column.split[:-1]]
        arrays[f"moments/{i}/group"] = np.array(sums)
        arrays[f"missing/{i}/group"] = _missing(cross(groups, missing)[:-1], policy)
    arrays |= {f"curve/{i}/{part}": curve for part, curve in column.curves(numeric.window).items()}
    told = {"all": _tells_high_orders([present(values)], policy)}
    told["group"] = _tells_high_orders([values[rows] for rows in column.split or []], policy)
    return {name: _high_orders(name, array, told) for name, array in arrays.items()}


def _missing(counts: NDArray[np.int64], policy: Policy) -> Array:
    """Return counts and how many sites withhold each (0 or 1), shape (2, groups)."""
    small = policy.is_small(counts) & (not policy.allow_small_missing)
    if small.any():
        small[:] = True  # with one of them withheld the others would give it away
    return np.array([np.where(small, 0, counts), small], dtype=np.float64)


def _tells_high_orders(parts: list[Array], policy: Policy) -> bool:
    """R7: tell third and fourth power sums of each of these parts of a column's rows, or of none.

    Those of one part would be those of all rows, less the others'.
    """
    few = policy.allows_moments(4, np.array([len(part) for part in parts], dtype=np.float64))
    return bool(few.all()) and all(policy.allows_high_orders(part) for part in parts)


def _high_orders(name: str, array: Array, told: Mapping[str, bool]) -> Array:
    """Withhold third and fourth power sums that may not be told; a last column counts the rows."""
    if not name.startswith("moments/"):
        return array
    allowed, sums = told[name.rpartition("/")[2]], np.atleast_2d(array)
    sums = np.column_stack([sums, 0.0 * sums[:, 0] if allowed else sums[:, 0]])
    if not allowed:
        sums[:, 3:5] = 0.0
    return sums[0] if array.ndim == 1 else sums


def _categorical(i: int, found: Labels, groups: Labels | None, policy: Policy) -> dict[str, Array]:
    counts = found.counts()
    margin = publish(counts[:, None], policy.min_cell)
    missing = found.codes < 0
    arrays = {
        f"counts/{i}/all": np.array([margin.counts[:, 0], margin.withheld], dtype=np.float64),
        f"absent/{i}/all": _missing(np.array([missing.sum()]), policy),
    }
    if groups is None or not groups_allowed(cross(groups, ~missing), policy):
        return arrays
    table = np.array([cross(groups, found.codes == code) for code in range(len(found.levels))])
    shown = publish(table, policy.min_cell, margin.withheld)
    withheld = np.broadcast_to(shown.withheld[:, None], table.shape)
    both = np.array([shown.counts, withheld], dtype=np.float64)
    arrays[f"counts/{i}/group"] = both[:, :, :-1]
    arrays[f"absent/{i}/group"] = _missing(cross(groups, missing)[:-1], policy)
    return arrays


def _grouped(arrays: Mapping[str, Array], question: questions.Tabulate) -> Array:
    """Return 1 for each column whose group sums are sent, numeric columns first."""
    sent = [f"moments/{i}/group" in arrays for i in range(len(question.numeric))]
    sent += [f"counts/{i}/group" in arrays for i in range(len(question.categorical))]
    return np.array(sent, dtype=np.float64)


def _own(arrays: Mapping[str, Array], place: Place) -> dict[str, Array]:
    """Send the site's moments and counts under its own name too: they add to nobody else's."""
    return {
        f"site/{place.index}/{name}": array
        for name, array in arrays.items()
        if name.endswith("/all") and not name.startswith("curve/")
    }


STEPS = {"describe": describe, "tabulate": tabulate, "refine": refine}
