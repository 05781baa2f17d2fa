"""The sums behind the tables, at a site: of numeric and of categorical columns, by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from v6_clinical.disclosure import Policy
from v6_clinical.disclosure.suppression import publish
from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.analysis import Place
from v6_clinical.protocol.sums import Noise
from v6_clinical.table import Labels, present
from v6_summary import questions
from v6_summary.grouping import GroupedColumn, cross, groups_allowed
from v6_summary.leaves import EXACT
from v6_summary.moments import PowerSums, power_sums
from v6_summary.pairs import PairNoise, PairSums, pair_sums, pairs, told_pairs
from v6_summary.row_sets import RowSet, RowSets, largest


def numeric_sums(
    i: int,
    numeric: questions.Numeric,
    values: Array,
    column: GroupedColumn,
    groups: Labels | None,
    policy: Policy,
    row_sets: RowSets | None = None,
) -> dict[str, Array]:
    """Return moments, missing values and cumulative counts of a numeric column.

    ``column`` holds the rows of ``values``, shape (rows,), by group; ``row_sets`` are those of all
    numeric columns where the blur is on.
    """
    missing = np.isnan(values)
    told: list[RowSet | None] = [None if row_sets is None else row_sets.of(i)]
    (every,) = _power_sums(i, [present(values)], numeric.shift, policy, told)
    arrays = {
        f"moments/{i}/all": np.array(every),
        f"missing/{i}/all": _missing(np.array([missing.sum()]), policy),
        **_noise(f"blur/{i}/all", i, told, numeric.shift),
    }
    if column.split is not None and groups is not None:
        parts = [values[rows] for rows in column.split]
        told = [None if row_sets is None else row_sets.of(i, rows) for rows in column.split]
        sums = _power_sums(i, parts, numeric.shift, policy, told)
        arrays[f"moments/{i}/group"] = np.array(sums[:-1])  # not of the rows in no group
        arrays[f"missing/{i}/group"] = _missing(cross(groups, missing)[:-1], policy)
        arrays |= _noise(f"blur/{i}/group", i, told[:-1], numeric.shift)
    curves = column.curves(numeric.window.window())
    return arrays | {f"curve/{i}/{part}": curve for part, curve in curves.items()}


def _power_sums(
    i: int, parts: list[Array], shift: float, policy: Policy, told: Sequence[RowSet | None]
) -> list[PowerSums]:
    """Return the power sums of parts of a column's rows, high orders only where all may be told.

    ``told`` are the row sets of the parts where the blur is on.
    """
    sums = [
        power_sums(part, shift) if one is None else one.power_sums(i, shift)
        for part, one in zip(parts, told, strict=True)
    ]
    high = _tells_high_orders(parts, policy)
    return sums if high else [one.without_high_orders() for one in sums]


def _noise(name: str, i: int, told: Sequence[RowSet | None], shift: float) -> dict[str, Array]:
    """Return what is declared of the noise in a column's power sums, one row set or several."""
    found = [one.noise_sums(i, shift) for one in told if one is not None]
    return {name: np.array(found if name.endswith("/group") else found[0])} if found else {}


def check_present(present: Mapping[str, NDArray[np.bool_]], *, together: bool = False) -> None:
    """Under masks a site has a value in each column, and with ``together`` a row for each pair.

    A sum that lacks it would be that of the others alone.

    Parameters
    ----------
    present
        Name to where there is a value, shape (n,).

    Raises
    ------
    RefusalError
        ``NO_ROWS`` naming the columns.
    """
    empty = [name for name, here in present.items() if not here.any()]
    if empty:
        raise RefusalError("NO_ROWS", empty)
    if together:
        names, marks = list(present), np.array(list(present.values()), dtype=np.float64)
        apart = np.argwhere(marks @ marks.T == 0)
        if len(apart):
            raise RefusalError("NO_ROWS", [names[place] for place in apart[0]])


def paired(
    columns: list[Array], shifts: Array, policy: Policy, row_sets: RowSets | None
) -> dict[str, Array]:
    """Return the sums of each pair of columns, and what is declared of the noise in them."""
    if row_sets is None:
        return {"pairs": np.array(pair_sums(columns, shifts, policy))}
    safe, every = told_pairs(columns, policy), pairs(len(columns))
    sums, noise = [PairSums(withheld=1.0)] * len(every), [PairNoise()] * len(every)
    for place, (i, j) in enumerate(every):
        if (i, j) in safe:
            rows = row_sets.of_pair(i, j)
            sums[place] = rows.pair_sums(i, j, shifts)
            noise[place] = rows.pair_noise(i, j, shifts)
    return {"pairs": np.array(sums), "blur/pairs": np.array(noise)}


def noise_of(arrays: Mapping[str, Array], row_sets: RowSets | None) -> dict[str, Noise]:
    """Return by name what is told of noise: the largest d and e of all row sets."""
    if row_sets is None:
        return {}
    told = largest(row_sets.scales)
    found = {}
    for name in arrays:
        parts = name.split("/")
        first = parts[2] if parts[0] == "site" else parts[0]
        if first not in EXACT:
            found[name] = Noise() if first == "blur" else told
    return found


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


def categorical_sums(
    i: int, found: Labels, groups: Labels | None, policy: Policy
) -> dict[str, Array]:
    """Return counts of the levels of a categorical column, and of its missing values."""
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


def grouped(arrays: Mapping[str, Array], question: questions.Tabulate) -> Array:
    """Return 1 for each column whose group sums are sent, numeric columns first."""
    sent = [f"moments/{i}/group" in arrays for i in range(len(question.numeric))]
    sent += [f"counts/{i}/group" in arrays for i in range(len(question.categorical))]
    return np.array(sent, dtype=np.float64)


def own_sums(arrays: Mapping[str, Array], place: Place) -> dict[str, Array]:
    """Send the site's moments and counts under its own name too: they add to nobody else's."""
    return {
        f"site/{place.index}/{name}": array
        for name, array in arrays.items()
        if name.endswith("/all") and not name.startswith(("curve/", "blur/"))
    }
