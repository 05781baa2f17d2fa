"""Attacks beside the sums: risk grid, two-way cells, declared noise, answers that share a draw."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import array, form, tally
from helpers.blur_models import secret
from helpers.blur_questions import BLURRED, EXACT, FLOOR, TAU, answers, wards
from helpers.logistic_attacker import ask, at, factor, wanted
from v6_clinical.disclosure import Policy
from v6_clinical.numerics.arrays import Array

GRID = {"level": 0, "first": 0, "last": 0}


def elderly(seed: int, n: int = 150) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age = rng.integers(30, 90, n).astype(float)
    return pd.DataFrame({"age": age, "y": rng.permutation(np.arange(n) % 2)})


def ages_told(frame: pd.DataFrame, policy: Policy) -> tuple[int, int]:
    """Return how many of the ages from 40 to 78 are told rightly, by outcome, and of how many.

    Each call counts, by outcome, the risks below one half: the intercept moves them along the ages.
    """
    counts = []
    for age in range(39, 79):
        asked = at(-0.05 * (age + 0.5), [0.05], "age", report=wanted(grid=GRID))
        counts.append(array(ask(frame, "evaluate", asked, policy), "risks")[[0, 2], 0])
    told = np.diff(counts, axis=0)
    truth = np.array(
        [
            [((frame["age"] == age) & (frame["y"] == y)).sum() for y in (0, 1)]
            for age in range(40, 79)
        ]
    )
    single = truth == 1
    return int((told[single] == 1).sum()), int(single.sum())


def test_A37_a_risk_grid_that_the_intercept_moves_tells_no_single_ages() -> None:
    """40 calls. Exact: every age and outcome that is a single patient's. Blurred: as by chance."""
    frame = elderly(1)
    right, single = ages_told(frame, EXACT)
    assert right == single > 15
    blurred, _ = ages_told(frame, BLURRED)
    print(f"A37: 40 calls tell {right} of {single} single ages exact, {blurred} with the blur")
    assert blurred < 0.65 * single


def two_way(frame: pd.DataFrame, policy: Policy) -> int:
    """Return the patients who smoke and have diabetes, by the information at 0."""
    found = ask(frame, "evaluate", at(0.0, [0.0, 0.0], "smoke", "diabetes"), policy)
    return round(4 * form(found)("smoke", "diabetes"))


def test_A38_two_way_cells_are_shown_not_barred() -> None:
    """Known limit: one call tells a cell of two yes/no columns; the blur puts it off by few."""
    exact = near = right = 0
    for seed in range(20):
        frame = wards(seed)
        truth = int((frame["smoke"] * frame["diabetes"]).sum())
        exact += two_way(frame, EXACT) == truth
        told = two_way(frame, BLURRED)
        right, near = right + (told == truth), near + (abs(told - truth) <= 3)
    print(f"A38: {right} of 20 two-way cells right with the blur, {near} within 3")
    assert exact == 20
    assert near >= 10


def declared(frame: pd.DataFrame, policy: Policy) -> tuple[float, float]:
    found = ask(frame, "evaluate", at(0.0, [0.0, 0.0], "age", "smoke"), policy)
    d, e = found["sums"]["noise"]["information"]
    return float(d), float(e)


def farthest(seed: int) -> tuple[pd.DataFrame, float]:
    """Return a hospital, and how far its farthest age is from the mean, in sd."""
    rng = np.random.default_rng(seed)
    frame = wards(seed).assign(age=rng.normal(60, 10, 63).round())
    frame.loc[0, "age"] = 60.0 + 10 * rng.uniform(2, 3.2)
    z = (frame["age"] - frame["age"].mean()) / frame["age"].std(ddof=0)
    return frame, float(z.abs().max())


def test_A39_declared_noise_tells_no_extreme_value() -> None:
    """D and e are a power of two times what n gives: 24 hospitals have few different ones.

    Not rounded up, d would be .25 max |r| |h|, from which the farthest age follows.
    """
    told, far = [], []
    for seed in range(24):
        frame, z = farthest(seed)
        policy = Policy(blur=TAU, blur_rows=FLOOR, secret=secret(seed + 1))
        told.append(declared(frame, policy))
        far.append(z)
    first = (3 * FLOOR / 63**0.5, 9 * FLOOR / 63)
    steps = np.log2(np.array(told) / first)
    assert steps == pytest.approx(np.rint(steps), abs=1e-9)
    assert len(set(told)) <= 12  # of d and of e two or three
    same = np.unique(np.array(told), axis=0, return_inverse=True)[1].ravel()
    left = sum(np.var(np.array(far)[same == k]) * (same == k).sum() for k in set(same.tolist()))
    assert left > 0.1 * np.var(far) * len(far)  # of the farthest ages' spread


def test_A39_no_exact_matrix_follows_from_declared_noise() -> None:
    """The information is off by about e in each direction; exact settings give it to the digit."""
    frame = wards(2)
    point = [(-1.0, [0.2, 0.1, 0.1])]
    names = ("stage", "smoke", "diabetes")
    exact = answers(frame, names, point, EXACT)[0]
    errors = []
    for number in range(20):
        policy = Policy(blur=TAU, blur_rows=FLOOR, secret=secret(number + 1))
        found = answers(frame, names, point, policy)[0]
        e = found["sums"]["noise"]["information"][1]
        labels = ("Intercept", *names)
        a, b = (np.array([[form(x)(i, j) for j in labels] for i in labels]) for x in (exact, found))
        back = np.linalg.inv(np.linalg.cholesky(a))
        errors.append(np.linalg.norm(back @ (b - a) @ back.T) / (e * 4))
    assert min(errors) > 0.3
    assert np.mean(errors) == pytest.approx(1, abs=0.3)


def product(mean: float, frame: pd.DataFrame, policy: Policy) -> tuple[float, float]:
    """Return score and information of age less ``mean``, over 10, times smoking."""
    term = factor("scale", "age", mean=mean, sd=10.0)
    term["factors"].append({"kind": "column", "column": "smoke"})
    found = ask(frame, "evaluate", at(-0.4, [0.0], term), policy)
    assert found["status"] == "ok", found
    label = next(name for name in tally(found, "score") if name != "Intercept")
    return tally(found, "score")[label], form(found)(label, label)


MOVE = 1e-8  # of a mean, in sd of the column 1e-9: below what a key holds


def test_A40_two_columns_that_differ_by_next_to_nothing_share_no_noise_that_cancels() -> None:
    """Two calls. Exact: the difference is the score of smoking, at six digits. Blurred: none."""
    frame, _ = farthest(3)
    truth = float((frame["smoke"] * (frame["y"] - 1 / (1 + np.exp(0.4)))).sum())

    def difference(policy: Policy) -> float:
        one, two = product(60.0, frame, policy)[0], product(60.0 + MOVE, frame, policy)[0]
        return (one - two) / (MOVE / 10)

    assert difference(EXACT) == pytest.approx(truth, rel=1e-4)
    # the same number, or another: the noise's part is far above what they differ by
    found = difference(BLURRED)
    assert found == 0.0 or abs(found) > 1e3


def score_at(frame: pd.DataFrame, question: Array, policy: Policy) -> Array:
    asked = at(float(question[0]), question[1:].tolist(), "stage", "smoke")
    score = tally(ask(frame, "evaluate", asked, policy), "score")
    return np.array([score[name] for name in ("Intercept", "stage", "smoke")])


DRAWS = 40


@pytest.mark.parametrize(
    "kind",
    [
        "rows",
        "coefficients",
        pytest.param("outcome", marks=pytest.mark.repeats),
        pytest.param("columns", marks=pytest.mark.repeats),
    ],
)
def test_A40_the_noise_of_another_question_is_independent(kind: str) -> None:
    """Over 40 secrets, no correlation of two answers' noise beyond chance; a repeat is the same."""
    frame, question = wards(6), np.array([-1.0, 0.2, 0.1])
    other, asked = frame, question
    if kind == "coefficients":
        asked = question + np.array([0, 1e-4, 0])
    elif kind == "outcome":
        other = frame.assign(y=1 - frame["y"].to_numpy()[::-1])
    elif kind == "columns":
        other = frame.assign(smoke=frame["diabetes"])
    else:
        other = frame.iloc[:-1]
    both = (frame, question), (other, asked)
    drawn = np.array(
        [
            [
                score_at(*one, Policy(blur=TAU, blur_rows=FLOOR, secret=secret(k + 1)))
                for one in both
            ]
            for k in range(DRAWS)
        ]
    )
    correlation = np.corrcoef(drawn[:, 0].T, drawn[:, 1].T)[:3, 3:]
    assert np.abs(correlation).max() < 0.85
    last = Policy(blur=TAU, blur_rows=FLOOR, secret=secret(DRAWS))
    assert score_at(*both[0], last).tolist() == drawn[-1, 0].tolist()
