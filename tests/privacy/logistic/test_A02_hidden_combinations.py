"""Attacks with combinations of columns that a caller hides: one patient is all that is left."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import refusal, tally
from helpers.logistic_attacker import RNG, VICTIM, WithoutR9, ask, at, column, factor, patients

N = 300
CODES = {"first": ["n", "y"], "second": ["n", "y"]}


def twins(differ: int = 1) -> pd.DataFrame:
    """Return patients with two columns of two values that differ in few of them, who are cases."""
    rows, first = slice(VICTIM, VICTIM + differ), RNG.permutation(np.arange(N) % 2)
    second = first.copy()
    first[rows], second[rows] = 0, 1
    frame = patients(N).assign(first=first, second=second)
    frame.loc[frame.index[rows], "y"] = 1
    return frame


def score(frame: pd.DataFrame, asked: Any) -> dict[str, float]:
    """Return the score with the guard lifted."""
    return tally(ask(frame, "evaluate", asked, WithoutR9()), "score")


def product(*factors: Any) -> dict[str, Any]:
    return {"factors": [one["factors"][0] for one in factors]}


@pytest.mark.parametrize("off", [1.0, 1e-4, 1e-8, 1e-10])
def test_A02_r5_products_without_their_margins(off: float) -> None:
    """Attack: (age - m) times two dummies, m beside the age of the patient in whom they differ."""
    frame = twins().replace({"first": {0: "n", 1: "y"}, "second": {0: "n", 1: "y"}})
    frame["age"] = frame["age"].round()
    scaled = factor("scale", "age", mean=float(frame["age"][VICTIM]) - off, sd=1.0)
    terms = [product(scaled, column(name)) for name in ("first", "second")]
    asked = at(0.0, [0.0] * 3, *terms, levels=CODES)
    found = ask(frame, "evaluate", asked)
    assert refusal(found) == ("RARE_VALUE", ["first[n]", "second[n]"])
    given = score(frame, asked)
    (one,), (other,) = ([x for x in given if f"{name}[" in x and "y]" in x] for name in CODES)
    assert (given[other] - given[one]) / off == pytest.approx(0.5, rel=1e-3)  # y - mu, unguarded


@pytest.mark.parametrize("rows", [300, 30_000])
def test_A02_r5_numbers_that_differ_by_little_in_one_row(rows: int) -> None:
    """Attack: two dates in days; one patient was seen a day later. Many rows hide it no better."""
    born = RNG.integers(0, 30_000, rows).astype(float)
    seen = born.copy()
    seen[VICTIM] += 1
    frame = pd.DataFrame({"born": born, "seen": seen, "y": np.arange(rows) % 2})
    asked = at(0.0, [0.0, 0.0], "born", "seen", shift=[15_000.0] * 2)
    assert refusal(ask(frame, "evaluate", asked)) == ("DOMINANT_ROW", ["terms"])
    given = score(frame, asked)
    truth = frame["y"][VICTIM] - 0.5
    assert given["seen"] - given["born"] == pytest.approx(truth, abs=1e-6)  # the attack, unguarded


@pytest.mark.parametrize("kind", ["1 and 2", "scaled"])
def test_A02_r5_two_values_need_not_be_zero_and_one(kind: str) -> None:
    """Attack: two columns of sex, coded 1 and 2, that differ in two patients."""
    frame = twins(2)
    terms: list[Any] = ["first", "second"]
    if kind == "scaled":
        terms = [factor("scale", name, mean=0.0, sd=2.0) for name in terms]
    else:
        frame[terms] += 1
    asked = at(0.0, [0.0, 0.0], *terms)
    code, where = refusal(ask(frame, "evaluate", asked))
    assert (code, len(where)) == ("RARE_VALUE", 2)
    one, other = list(score(frame, asked).values())[1:]
    size = 0.5 if kind == "scaled" else 1.0
    assert other - one == pytest.approx(size, abs=1e-9)  # two patients' y - mu, unguarded


@pytest.mark.parametrize("reference", ["a", "c"])
def test_A02_r5_a_dummy_that_is_nearly_a_reference_level(reference: str) -> None:
    """Attack: whichever level is left out, the intercept less the others is its dummy."""
    frame = patients(N).assign(twin=lambda f: np.where(f["arm"] == "c", "y", "n"))
    rows = frame.index[frame["arm"] == "c"][:2]
    frame.loc[rows, ["twin", "y"]] = ["n", 1]
    levels = {"arm": ["a", "b", "c"], "twin": ["n", "y"]}
    asked = at(0.0, [0.0] * 3, "arm", "twin", levels=levels, references={"arm": reference})
    assert refusal(ask(frame, "evaluate", asked))[0] == "RARE_VALUE"
    given = score(frame, asked)
    others = sum(given[name] for name in given if name.startswith("arm["))
    rest = given["Intercept"] - others if reference == "c" else given["arm[T.c]"]
    assert rest - given["twin[T.y]"] == pytest.approx(1.0, abs=1e-9)  # two patients', unguarded


def test_A02_r5_columns_whose_squares_vanish() -> None:
    """Attack: a product so small that its leverage is noise; in all patients but one it is dose."""
    parts = ["weight", "per_kg", "days"]
    frame = patients(N).assign(**{name: RNG.uniform(1, 3, N) for name in parts})
    frame["dose"] = frame[parts].prod(axis=1)
    frame.loc[VICTIM, ["dose", "y"]] += [1.0, 0]
    sizes = zip(parts, (1e70, 1e70, 1e20), strict=True)
    small = product(*(factor("scale", name, mean=0.0, sd=sd) for name, sd in sizes))
    asked = at(0.0, [0.0, 0.0], small, "dose")
    assert refusal(ask(frame, "evaluate", asked)) == (
        "DOMINANT_ROW",
        ["scale(weight):scale(per_kg):scale(days)"],
    )
    told = score(frame, asked)
    tiny, dose = told["scale(weight):scale(per_kg):scale(days)"], told["dose"]
    truth = frame["y"][VICTIM] - 0.5
    assert dose - tiny * 1e160 == pytest.approx(truth, abs=1e-9)  # the attack, unguarded
