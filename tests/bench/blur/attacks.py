"""Attacks on drawn hospitals, one function a kind of fit: what each names, places and tells."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.blur.hospitals import KINDS, Hospital, designs, hospitals, told_of
from helpers.blur_bits import column_bits, summary_parts
from helpers.blur_cox import Order, guessed_orders, held_bits, sampled_orders, told_bits
from helpers.blur_decoder import Seen, Table, guessed, sampled
from helpers.blur_models import logistic_parts
from helpers.blur_naming import Named, named

COLUMNS = {"few columns": ("age", "b", "c", "y"), "six fits": ("age", "b", "c", "y")}


@dataclass(frozen=True)
class Found:
    """What an attack has found of one hospital.

    Parameters
    ----------
    attack, most, guess
        By a search that begins at chance; by chains that begin at the true rows and have not
        forgotten them all, which is more than any search finds; by the margins.
    """

    n: int
    attack: Named
    most: Named
    guess: Named
    told: float
    held: float


Results = Iterator[tuple[int, Found]]
"""Of hospitals by number: see ``hospitals``."""


def logistic(kind: str, seed: int, policy: dict[str, Any], after: int = -1) -> Results:
    """Attack the logistic fits of a kind."""
    for number, hospital, told in hospitals(kind, seed, policy, after):
        rng = np.random.default_rng([seed, number])
        table = hospital.table(COLUMNS.get(kind, ("age", "b", "y")))
        cells = table.cells()
        outcome = hospital.own["y"].to_numpy(float), cells["y"].astype(float)
        parts, target = [], []
        for fit, draws in zip(KINDS[kind], told, strict=True):
            site, every = designs(hospital, fit, cells)
            some, seen = logistic_parts(draws, (site, outcome[0]), (every, outcome[1]))
            parts.append(some)
            target.append(seen)
        numbers = Seen.of(table, np.concatenate(parts, axis=1), np.concatenate(target), rng)
        yield number, _found(table, *_both(table, numbers, rng), numbers.told)


def summary(kind: str, seed: int, policy: dict[str, Any], after: int = -1) -> Results:
    """Attack a summary with correlations."""
    names = ["age", "b", "c", "y"]
    wanted: dict[str, Any] = {"columns": names, "correlation": True}
    for number in itertools.count(after + 1):
        hospital = Hospital.drawn(np.random.default_rng([seed, number]), needs="time")
        draws = told_of(hospital, kind, policy, **wanted)
        if draws is None or not draws.blocks:
            continue
        rng = np.random.default_rng([seed, number])
        table = hospital.table(names)
        cells = table.cells()
        site = hospital.own[names].to_numpy(float)
        parts, target = summary_parts(draws, site, np.column_stack([cells[n] for n in names]))
        numbers = Seen.of(table, parts, target, rng)
        attack, most, guess = _both(table, numbers, rng)
        told, held = column_bits(draws, site[:, 0])
        both = [(told, held), (numbers.told, table.held())]
        worst = max(both, key=lambda pair: pair[0] / pair[1])
        yield number, Found(len(site), attack, most, guess, *worst)


def cox(kind: str, seed: int, policy: dict[str, Any], after: int = -1) -> Results:
    """Attack a Cox model; the order of events and censorings is known."""
    (fit,) = KINDS[kind]
    for number, hospital, (draws,) in hospitals(kind, seed, policy, after):
        rng = np.random.default_rng([seed, number])
        own = hospital.own
        own = own.iloc[np.lexsort((-own["y"], own["time"]))].reset_index(drop=True)
        table = Table.of(("age", "b", "y"), [own[name].to_numpy() for name in ("age", "b", "y")])
        site, every = designs(replace(hospital, own=own), fit, table.cells())
        mean, sd = site[:, 1:].mean(axis=0), site[:, 1:].std(axis=0)
        order = Order.of(draws, table, (every[:, 1:] - mean) / sd)
        attack, most = (
            named(table, sampled_orders(table, order, rng, chains=8, steps=1200, at_truth=begun))
            for begun in (0, 8)
        )
        guess = named(table, guessed_orders(table, rng))
        told = told_bits(table, order, rng)
        yield number, Found(len(own), attack, most, guess, told, held_bits(table))


def _both(table: Table, numbers: Seen, rng: np.random.Generator) -> tuple[Named, Named, Named]:
    """Return what a search names, what chains begun at the truth name, and a guess."""
    attack = sampled(table, numbers, rng, at_truth=0, steps=6000)
    most = sampled(table, numbers, rng, chains=32, ladder=8, at_truth=32, steps=12000, keep=50)
    return named(table, attack), named(table, most), named(table, guessed(table, rng))


def _found(table: Table, attack: Named, most: Named, guess: Named, told: float) -> Found:
    return Found(len(table.rows), attack, most, guess, told, table.held())


Attack = Callable[..., Results]
ATTACKS: dict[str, Attack] = {
    "few columns": logistic,
    "interaction": logistic,
    "square": logistic,
    "spline": logistic,
    "spline in a product": logistic,
    "square in a product": logistic,
    "six fits": logistic,
    "Cox": cox,
    "Cox, interaction": cox,
    "Cox, spline": cox,
    "summary": summary,
}
