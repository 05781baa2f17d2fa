"""Hospitals of few cells, asked by hand: what exact answers and blurred ones give back of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from helpers.attacker import array, form, tally
from helpers.blur_decoder import Draws, Seen, Table, sampled, taken_down
from helpers.blur_models import design_of, logistic_parts, risks, secret
from helpers.lattice import counts_of
from helpers.logistic_attacker import ask, at, wanted
from v6_clinical.disclosure import Policy
from v6_clinical.numerics.arrays import Array

TAU, FLOOR = 0.01, 0.25
EXACT = Policy(blur=0.0, blur_rows=0.0)
BLURRED = Policy(blur=TAU, blur_rows=FLOOR, secret=secret(1))
Columns = Callable[[dict[str, Array]], list[Array]]
Point = tuple[float, list[float]]


def wards(seed: int, n: int = 63) -> pd.DataFrame:
    """Return patients of 24 cells: a stage of 1 to 4, smoking, diabetes, and the outcome y."""
    rng = np.random.default_rng(seed)
    stage = rng.choice([1, 2, 3, 4], n, p=[0.4, 0.3, 0.2, 0.1])
    smoke, diabetes = (rng.random(n) < 0.4).astype(int), (rng.random(n) < 0.3).astype(int)
    y = (rng.random(n) < 1 / (1 + np.exp(1.5 - 0.4 * stage))).astype(int)
    return pd.DataFrame({"stage": stage, "smoke": smoke, "diabetes": diabetes, "y": y})


def answers(
    frame: pd.DataFrame, terms: Sequence[Any], points: Sequence[Point], policy: Policy
) -> list[dict[str, Any]]:
    """Ask for the evaluation and the Brier score at points, one call each."""
    return [
        ask(frame, "evaluate", at(first, rest, *terms, report=wanted()), policy)
        for first, rest in points
    ]


def exact_numbers(found: dict[str, Any]) -> Array:
    """Return score, information and the Brier score of an answer in one row."""
    names = found["sums"]["forms"]["information"]["labels"]
    matrix, score = form(found), tally(found, "score")
    half = [matrix(a, b) for i, a in enumerate(names) for b in names[i:]]
    return np.array([*(score[name] for name in names), *half, array(found, "brier")[0]])


def exact_parts(design: Array, y: Array, point: Point) -> Array:
    """Return what a row of each cell adds to these numbers; shape (cells, m)."""
    mu = risks(design, np.array([point[0], *point[1]]))
    j, k = np.triu_indices(design.shape[1])
    information = (mu * (1 - mu))[:, None] * design[:, j] * design[:, k]
    return np.column_stack([(y - mu)[:, None] * design, information, (y - mu) ** 2])


def placed(table: Table, counts: Array) -> float:
    """Return the share of rows that counts of cells have right."""
    true = np.bincount(table.at(), minlength=len(counts))
    return float(np.minimum(counts, true).sum() / len(table.rows))


def expected(table: Table, rng: np.random.Generator) -> float:
    """Return the share of rows that a guess from the margins places."""
    size = int(np.prod(table.sizes))
    tables = table.at(table.permuted(rng, 100))
    return float(np.mean([placed(table, np.bincount(c, minlength=size)) for c in tables]))


def table_of(frame: pd.DataFrame, names: Sequence[str]) -> Table:
    """Return a hospital's rows as codes of these columns and y."""
    every = [*names, "y"]
    return Table.of(every, [frame[name].to_numpy() for name in every])


def by_lattice(
    frame: pd.DataFrame,
    names: Sequence[str],
    fits: Sequence[tuple[Sequence[Any], Columns, Sequence[Point]]],
    policy: Policy,
    digits: float = 1e6,
) -> float:
    """Return the share of rows placed by a lattice of all answers to some questions.

    ``digits`` are those that the attacker trusts, as a factor.
    """
    table = table_of(frame, names)
    cells = table.cells()
    parts, told = [], []
    for terms, columns, points in fits:
        design = design_of(columns(cells))
        parts += [exact_parts(design, cells["y"], point) for point in points]
        told += [exact_numbers(found) for found in answers(frame, terms, points, policy)]
    counts = counts_of(np.concatenate(parts, axis=1), np.concatenate(told), len(frame), digits)
    return placed(table, counts)


def by_search(
    frame: pd.DataFrame,
    names: Sequence[str],
    fits: Sequence[tuple[Sequence[Any], Columns, Sequence[Point]]],
    rng: np.random.Generator,
    policy: Policy = BLURRED,
    steps: int = 4000,
    at_truth: int = 0,
) -> tuple[Table, Array, Seen]:
    """Return the table, tables of the posterior, and what is seen, by whole-number search.

    With the true covariance of the noise and the exact counts and margins.
    """
    table = table_of(frame, names)
    cells = table.cells()
    own = {name: frame[name].to_numpy() for name in cells}
    parts, target = [], []
    for terms, columns, points in fits:
        draws = drawn(frame, terms, points, policy)
        site, every = design_of(columns(own)), design_of(columns(cells))
        outcome = own["y"].astype(float), cells["y"].astype(float)
        some, told = logistic_parts(draws, (site, outcome[0]), (every, outcome[1]))
        parts.append(some)
        target.append(told)
    seen = Seen.of(table, np.concatenate(parts, axis=1), np.concatenate(target), rng)
    return table, sampled(table, seen, rng, at_truth=at_truth, steps=steps), seen


def drawn(
    frame: pd.DataFrame, terms: Sequence[Any], points: Sequence[Point], policy: Policy
) -> Draws:
    """Return what a site draws for the questions."""
    with taken_down(secret(1)) as draws:
        answers(frame, terms, points, policy)
    return draws
