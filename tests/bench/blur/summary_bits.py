"""Bits told and held in every reference summary with correlations that the limits accept.

Two kinds of tables are looked through. Of a column by itself: its values drawn anew from its own
margin within the cells that are shown, of which a site tells the column's moments in every row set.
Of a column, a pair or all among the others: permuted against the rest, margins known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np

from bench.blur.bits import RAN, TABLES, Bits
from helpers.blur_bits import CELL, held_of, log2_det, log2_multinomial, subsets
from helpers.blur_decoder import Table
from helpers.blur_models import secret
from helpers.summary_cases import dataset, request, split
from v6_clinical.disclosure import Policy
from v6_clinical.disclosure.blur import Scale
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.whitening import Factor
from v6_clinical.platforms import local
from v6_summary.row_sets import RowSets

SPLITS = ("five", "three", "one")


@dataclass(frozen=True)
class Set:
    """A row set: its rows, columns, and the noise of what is told of it.

    Parameters
    ----------
    high
        Sd of the noise in the third and fourth power sum of each standardised column, shape (2, p).
    """

    rows: Array
    places: tuple[int, ...]
    scale: Scale
    high: Array


@dataclass
class Told:
    """What a site tells of row sets of its columns, shape (rows, p), NaN where a value is missing.

    Parameters
    ----------
    groups
        Codes of the rows' groups, shape (rows,).
    """

    columns: Array
    groups: Array
    sets: list[Set] = field(default_factory=list)


def accepted(name: str, noise: tuple[float, float]) -> Told | None:
    """Return what the smallest site that the limits accept tells in a reference summary."""
    frames = [frame for kind in SPLITS for frame in split(dataset(name), kind, name)]
    for frame in sorted(frames, key=len):
        found = _told(name, frame.reset_index(drop=True), *noise)
        if found is not None and found.sets:
            return found
    return None


def _told(name: str, frame: Any, tau: float, floor: float) -> Told | None:
    noted: list[tuple[RowSets, Any]] = []
    before = RowSets.of

    def of(self: RowSets, place: int, rows: Any = None) -> Any:
        found = before(self, place, rows)
        if self._blur.secret == secret(1) and found.told.n:
            mask = ~np.isnan(self._columns[place]) if rows is None else np.array(rows)
            noted.append((self, (mask, found)))
        return found

    policies = [Policy(blur=tau, blur_rows=floor, secret=secret(k)) for k in (1, 2)]
    frames = [frame, dataset(name)]
    with mock.patch.object(RowSets, "of", of):
        result = local.run("summary", frames, request(name), policy=policies)
    code = (result["error"] or {}).get("code")
    if code is not None and code not in RAN:
        return None
    columns = np.column_stack(noted[0][0]._columns)
    groups = frame[request(name)["group_by"]].astype(str).to_numpy()
    told = Told(columns, np.unique(groups, return_inverse=True)[1])
    once = {(mask.tobytes(), found.places): (mask, found) for _, (mask, found) in noted}
    for mask, found in once.values():
        told.sets.append(
            Set(mask, found.places, found.told.scale, _high(columns[mask], found, tau, floor))
        )
    return told


def _high(rows: Array, found: Any, tau: float, floor: float) -> Array:
    """Return the sd of the noise in third and fourth power sums of a set's columns."""
    some = rows[:, list(found.places)]
    u = (some - some.mean(axis=0)) / np.maximum(some.std(axis=0), 1e-12)
    parts = np.abs(np.stack([u**3, u**4]))
    return np.maximum(tau * np.sqrt((parts**2).sum(axis=1)), floor * parts.max(axis=1))


def bits(told: Told, tables: int = TABLES) -> Iterator[Bits]:
    """Yield bits told and held of each column by itself, and among the others each, pairs, all."""
    rng = np.random.default_rng(len(told.columns))
    places = sorted({place for one in told.sets for place in one.places})
    for place in places:
        yield _alone(told, place, rng, tables)
    table = _table(told, places)
    for some in subsets(len(places) + 1):
        chosen = [places[j] for j in some]
        values = np.array([_permuted(told, chosen, rng) for _ in range(tables)])
        parts = np.concatenate([_numbers(told, one, values) for one in told.sets], axis=1)
        yield Bits(tuple(f"{k}" for k in chosen), log2_det(np.cov(parts.T)), held_of(table, some))


def _table(told: Told, places: list[int]) -> Table:
    names = [str(k) for k in places]
    columns = [np.nan_to_num(told.columns[:, k], nan=-1e9) for k in places]
    return Table.of([*names, "group"], [*columns, told.groups])


def _permuted(told: Told, places: list[int], rng: np.random.Generator) -> Array:
    """Return the columns, some of them permuted among the rows that have a value."""
    found = told.columns.copy()
    for place in places:
        there = np.flatnonzero(~np.isnan(found[:, place]))
        found[there, place] = rng.permutation(found[there, place])
    return found


def _numbers(told: Told, one: Set, values: Array) -> Array:
    """Return what tables, shape (tables, rows, p), tell of a row set, in units of the noise."""
    site = told.columns[one.rows][:, one.places]
    mean = site.mean(axis=0)
    factor = Factor((site - mean).T @ (site - mean))
    back = np.linalg.pinv(factor.root)
    h = (values[:, one.rows][:, :, one.places] - mean) @ back.T
    j, k = np.triu_indices(h.shape[2])
    products = np.einsum("tnj,tnk->tjk", h, h)[:, j, k]
    u = (values[:, one.rows][:, :, one.places] - mean) / np.maximum(site.std(axis=0), 1e-12)
    high = [(u**power).sum(axis=1) / sd for power, sd in zip((3, 4), one.high, strict=True)]
    return np.concatenate([h.sum(axis=1) / one.scale.d, products / one.scale.e, *high], axis=1)


def _alone(told: Told, place: int, rng: np.random.Generator, tables: int) -> Bits:
    """Return the bits of one column, given the counts of the cells that are shown of each group."""
    column, held = told.columns[:, place], 0.0
    drawn = np.tile(column, (tables, 1))
    for group in np.unique(told.groups):
        rows = np.flatnonzero((told.groups == group) & ~np.isnan(column))
        rows = rows[np.argsort(column[rows], kind="stable")]
        for cell in np.split(rows, _cuts(column[rows])):
            if len(cell):
                drawn[:, cell] = rng.choice(column[cell], (tables, len(cell)))
                held += log2_multinomial(np.unique(column[cell], return_counts=True)[1])
    parts = []
    for one in told.sets:
        if place not in one.places:
            continue
        site, at = column[one.rows], one.places.index(place)
        n, u = len(site), (drawn[:, one.rows] - site.mean()) / max(float(site.std()), 1e-12)
        parts += [
            u.sum(axis=1) / n**0.5 / one.scale.d,
            (u**2).sum(axis=1) / n / one.scale.e,
            (u**3).sum(axis=1) / one.high[0, at],
            (u**4).sum(axis=1) / one.high[1, at],
        ]
    return Bits((str(place),), log2_det(np.cov(np.array(parts))), -held)


def _cuts(values: Array) -> list[int]:
    """Return where cells of at least CELL rows end, between two values of a sorted column."""
    found, start = [], 0
    for place in range(1, len(values)):
        wide = place - start >= CELL and len(values) - place >= CELL
        if wide and values[place] > values[place - 1]:
            found.append(place)
            start = place
    return found
