"""Attacks that decode a hospital from what honest fits send: whole numbers of patients in cells.

Exact sums are equations for the counts; with the blur they are looked for with the margins, the
true covariance of the noise and a search over tables of whole numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls

from bench.blur.hospitals import KINDS, Hospital, designs, told_of
from helpers.blur_bits import column_bits, regression_bits, subsets
from helpers.blur_cox import Order, held_bits, told_bits
from helpers.blur_decoder import Table
from helpers.blur_models import design_of, logistic_parts
from helpers.blur_naming import named
from helpers.blur_questions import (
    BLURRED,
    EXACT,
    FLOOR,
    TAU,
    answers,
    by_lattice,
    by_search,
    exact_numbers,
    exact_parts,
    expected,
    placed,
    table_of,
    wards,
)
from helpers.lattice import counts_of
from helpers.logistic_attacker import factor
from v6_clinical.disclosure import Policy
from v6_clinical.numerics.arrays import Array
from v6_clinical.platforms import local

NAMES = ("stage", "smoke", "diabetes")
ROUNDS = [(-1.0, [0.2, 0.1, 0.1]), (-1.4, [0.35, 0.2, -0.1]), (-1.5, [0.4, 0.25, -0.15])]


def plain(cells: dict[str, Array]) -> list[Array]:
    return [cells[name] for name in NAMES]


FIT: Any = [(NAMES, plain, ROUNDS)]


@pytest.mark.parametrize("seed", range(4))
def test_A21_an_honest_fit_decodes_exact_sums_and_not_blurred_ones(seed: int) -> None:
    """Three rounds of one model of 63 rows: every row of the 32 cells, or none more than by chance.

    Exact sums by lattice reduction; blurred ones by that, and by search with all that is known.
    """
    frame, rng = wards(seed), np.random.default_rng(seed)
    assert by_lattice(frame, NAMES, FIT, EXACT) == 1.0
    assert max(by_lattice(frame, NAMES, FIT, BLURRED, digits) for digits in (10.0, 1e6)) < 0.9
    table, tables, _ = by_search(frame, NAMES, FIT, rng)
    found = named(table, tables)
    assert found.right <= 1
    assert found.placed < expected(table, rng) + 0.2


def covariates_by_nnls(frame: pd.DataFrame, policy: Policy) -> float:
    """Return the share of rows, without outcome, that real counts of no sign but + place."""
    table = Table.of(NAMES, [frame[name].to_numpy() for name in NAMES])
    design = design_of(plain(table.cells()))
    parts, told = [], []
    for point, found in zip(ROUNDS, answers(frame, NAMES, ROUNDS, policy), strict=True):
        parts.append(exact_parts(design, np.zeros(len(design)), point)[:, 4:-1])
        told.append(exact_numbers(found)[4:-1])
    columns = np.column_stack([*parts, np.ones(len(design))])
    size = columns.max(axis=0)
    counts, _ = nnls((columns / size).T, np.append(np.concatenate(told), len(frame)) / size)
    return placed(table, np.rint(counts))


@pytest.mark.parametrize("seed", range(3))
def test_A21b_an_honest_fit_with_counts_that_need_not_be_whole(seed: int) -> None:
    """Least squares without whole numbers: noise that several numbers share would cancel."""
    frame, rng = wards(seed, n=45), np.random.default_rng(seed)
    table = Table.of(NAMES, [frame[name].to_numpy() for name in NAMES])
    assert covariates_by_nnls(frame, EXACT) == 1.0
    assert covariates_by_nnls(frame, BLURRED) < expected(table, rng) + 0.2


def ratios(kind: str, floor: float, seed: int) -> list[float]:
    """Return bits told over held of each column, each pair and all, in a fit of one hospital."""
    policy = {"blur": TAU if floor else 1e-6, "blur_rows": floor}
    for number in range(50):
        hospital = Hospital.drawn(np.random.default_rng([seed, number]), needs="time")
        asked = _asked(kind, hospital)
        draws = told_of(hospital, asked.pop("analysis"), policy, **asked)
        if draws is not None:
            break
    assert draws is not None
    rng = np.random.default_rng(seed)
    if kind == "summary":
        told = [column_bits(draws, hospital.own["age"].to_numpy(float))]
    elif kind == "cox":
        order = np.lexsort((-hospital.own["y"], hospital.own["time"]))
        own = hospital.own.iloc[order]
        table = table_of(own, ["age", "b"])
        cells = table.cells()
        design = np.column_stack([cells["age"] - own["age"].mean(), cells["b"] - own["b"].mean()])
        told = [(told_bits(table, Order.of(draws, table, design), rng), held_bits(table))]
    else:
        (fit,) = KINDS[kind]
        names = ["age", "b", "c"] if kind == "few columns" else ["age", "b"]
        table = hospital.table([*names, "y"])
        cells = table.cells()
        site, every = designs(hospital, fit, cells)
        outcome = hospital.own["y"].to_numpy(float), cells["y"].astype(float)
        parts, _ = logistic_parts(draws, (site, outcome[0]), (every, outcome[1]))
        bits = regression_bits(table, parts - parts.mean(axis=0), rng)
        assert list(bits) == list(subsets(len(names) + 1))
        told = list(bits.values())
    return [one / other for one, other in told]


def _asked(kind: str, hospital: Hospital) -> dict[str, Any]:
    if kind == "summary":
        return {"analysis": "summary", "columns": ["age", "b", "y"], "correlation": True}
    if kind == "cox":
        asked = {"analysis": "cox", "time": "time", "event": "y"}
        return asked | {"predictors": ["age", "b"]}
    (fit,) = KINDS[kind]
    formula = " + ".join(text.format(*hospital.knots) for text in fit.predictors)
    return {"analysis": "logistic", "outcome": "y", "formula": formula}


BITS = ("few columns", "interaction", "square", "spline", "cox", "summary")


@pytest.mark.parametrize("kind", BITS)
def test_A21c_bits_told_stay_below_half_of_bits_held(kind: str) -> None:
    """The largest ratio over columns, pairs and all; nearly exact sums tell more than is held."""
    assert max(ratios(kind, FLOOR, 3)) < 0.5
    assert max(ratios(kind, 0.0, 3)) > (0.5 if kind != "cox" else 0.1)


@pytest.mark.repeats
@pytest.mark.parametrize("kind", BITS)
@pytest.mark.parametrize("seed", range(4, 14))
def test_A21c_bits_of_ten_more_hospitals(kind: str, seed: int) -> None:
    assert max(ratios(kind, FLOOR, seed)) < 0.5


TRANSFORMS = [factor("power", "nodes", exponent=3), factor("function", "nodes", function="log")]


def transforms(cells: dict[str, Array]) -> list[Array]:
    return [cells["nodes"].astype(float) ** 3, np.log(cells["nodes"])]


@pytest.mark.parametrize("seed", range(3))
def test_A22_sums_of_powers_and_logarithms_count_each_value(seed: int) -> None:
    """One model at three points: how many patients have 1, 2, ..., 6 nodes, by outcome."""
    rng = np.random.default_rng(seed)
    nodes = rng.integers(1, 7, 60)
    frame = pd.DataFrame({"nodes": nodes, "y": (rng.random(60) < 0.4).astype(int)})
    points = [(0.0, [0.0, 0.0]), (-0.5, [0.002, 0.1]), (0.4, [-0.002, -0.3])]
    fit: Any = [(TRANSFORMS, transforms, points)]
    assert by_lattice(frame, ["nodes"], fit, EXACT) == 1.0
    assert by_lattice(frame, ["nodes"], fit, BLURRED) < 0.95
    table, tables, _ = by_search(frame, ["nodes"], fit, rng)
    assert named(table, tables).right == 0


def published(frame: pd.DataFrame, policy: Policy) -> dict[str, Any]:
    parts = [frame.iloc[k::2].reset_index(drop=True) for k in range(2)]
    arguments = {"outcome": "y", "predictors": ["stage", "smoke", "diabetes"]}
    return local.run("logistic", parts, arguments, policy=policy)


def pooled_counts(found: dict[str, Any], frame: pd.DataFrame) -> float:
    """Return the share of all sites' rows, without outcome, that a published covariance places.

    Its inverse holds ten sums of w x x' over 16 cells, and the margins are known.
    """
    names = list(NAMES)
    covariance = found["covariance"]
    terms = ["Intercept", *names]
    rows = {row["term"]: row for row in covariance}
    values = np.array([[rows[a][b] for b in terms] for a in terms])
    estimates = {row["term"]: row["estimate"] for row in found["coefficients"]}
    beta = np.array([estimates[name] for name in terms])
    table = Table.of(names, [frame[name].to_numpy() for name in names])
    cells = table.cells()
    design = np.column_stack([np.ones(len(cells["stage"])), *(cells[n] for n in names)])
    mu = 1 / (1 + np.exp(-design @ beta))
    j, k = np.triu_indices(4)
    parts = (mu * (1 - mu))[:, None] * design[:, j] * design[:, k]
    told = np.linalg.inv(values)[j, k]
    margins = [cells[name] == value for name in names for value in np.unique(cells[name])]
    parts = np.column_stack([parts, *margins])
    told = np.append(told, [(frame[n] == v).sum() for n in names for v in np.unique(frame[n])])
    return placed(table, counts_of(parts, told, len(frame)))


def test_A25_a_published_covariance_is_no_set_of_exact_sums() -> None:
    """Its inverse is the pooled information at the estimate: exact to ten digits or more."""
    frame = wards(1, n=189)
    exact, blurred = (pooled_counts(published(frame, p), frame) for p in (EXACT, BLURRED))
    assert exact == 1.0
    assert blurred < 0.9
