"""Attacks with coefficients: steered to one patient, or many that are not."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import LEDGER, OPEN, array, share_of_unknowns
from helpers.cox_attacker import PACKAGE, ask, evaluate, opening, people, refusal
from helpers.policies import ExactPolicy, exact
from v6_clinical.disclosure import Policy
from v6_clinical.errors import RefusalError
from v6_clinical.version import __version__


def test_A03_r9_coefficients_aimed_at_one_patient() -> None:
    """With a huge coefficient the mean over the risk set is the covariate of one patient."""
    frame = people()
    at = [10.0]
    assert refusal(frame, evaluate(at), "evaluate") == "COEFFICIENT_RANGE"
    assert refusal(frame, evaluate([1e9]), "evaluate") == "COEFFICIENT_RANGE"
    frame = frame.assign(t=100.0, e=[1] * 30 + [0] * 30)
    found = ask(frame, "evaluate", evaluate(at, ties="breslow"), OPEN)
    score = found["sums"]["tallies"]["score"]["x"]
    mean = frame["x"][:30].mean() - score / 30
    assert abs(mean - frame["x"].max()) < 0.1  # the attack, unguarded
    offset = people().assign(o=lambda f: 40 * (f.index == 3))
    assert refusal(offset, opening(offset="o")) == "RARE_VALUE"


def test_A04_moderate_vectors_do_not_give_a_column_back() -> None:
    """Known limit, measured: 32 vectors determine under half of 30 covariates to seven digits."""
    rng = np.random.default_rng(4)
    frame = people(30).assign(x=rng.normal(size=30))
    before, questions = len(LEDGER), []
    for slope in rng.normal(size=32):
        asked = evaluate([float(slope)])
        if ask(frame, "evaluate", asked)["status"] == "ok":
            message = {"version": __version__, "step": "evaluate", "arguments": asked}
            questions.append(message | {"index": 0, "count": 2})
    assert len(questions) > 20
    assert len(LEDGER) - before == 32  # each call, refused or not, is in the site's ledger
    shares = [share_of_unknowns(PACKAGE, frame, ["x"], questions[:k]) for k in (1, 20)]
    print(f"A04: 1 vector determines {shares[0]:.2f} of a column, 20 vectors {shares[1]:.2f}")
    assert shares[0] < shares[1] < 0.6


def test_A03_A08_a_distant_shift_is_refused() -> None:
    asked = evaluate([0.1]) | {"shift": [2.0**59]}
    assert refusal(people(), asked, "evaluate") == "BAD_REQUEST"
    assert ask(people(), "evaluate", evaluate([0.1]) | {"shift": [3.0]})["status"] == "ok"


class Largest(ExactPolicy):
    """R9 as it once was: by the largest linear predictor, not by its spread."""

    def check_coefficients(self, predictor: Any, weights: Any) -> None:
        """Refuse where one patient's predictor is far from the others' mean."""
        if np.abs(predictor - predictor.mean()).max() > WIDEST:
            raise RefusalError("COEFFICIENT_RANGE")

    def check_residuals(self, *_: Any, **__: Any) -> None:
        """Let everything pass."""


WIDEST = 10.0


def codes(frame: pd.DataFrame, policy: Policy | None = None) -> list[tuple[float, str]]:
    """Ask at 500 random coefficients and shifts; return the coefficients' sizes and the codes."""
    rng, found = np.random.default_rng(3), []
    for _ in range(500):
        asked = evaluate([float(rng.normal() * 10 ** rng.uniform(-2, 2))])
        asked["shift"] = [float(rng.normal())]
        code = ask(frame, "evaluate", asked, policy).get("code", "ok")
        found.append((abs(asked["slopes"][0]), code))
    return found


def largest(found: list[tuple[float, str]], mean: float) -> tuple[float, float]:
    """Return between what the largest value lies, if it decides what is refused."""
    refused = min(slope for slope, code in found if code != "ok")
    accepted = max(slope for slope, code in found if code == "ok")
    return mean + WIDEST / refused, mean + WIDEST / accepted


def test_A12_refusals_tell_nothing_that_counts_do_not() -> None:
    """1,000 random coefficients and shifts: two sites that differ in one patient refuse alike.

    Where R9 looked at the largest predictor, the same requests place that patient's value.
    """
    frame = people(80).round({"x": 1}).assign(x=lambda f: f["x"].clip(-2, 2))
    frame.loc[7, "x"] = 4.0
    other = frame.assign(x=frame["x"].replace(4.0, 4.1))
    one, two = codes(frame), codes(other)
    assert {code for _, code in one} == {"ok", "COEFFICIENT_RANGE"}
    # a limit on sums of many rows moves by chance, not by one patient
    assert sum(a != b for a, b in zip(one, two, strict=True)) <= 5
    low, high = largest(one, frame["x"].mean())
    assert not low <= 4.0 <= high
    low, high = largest(codes(frame, Largest()), frame["x"].mean())
    assert 0 < high - low < 0.2  # the attack, unguarded
    assert low <= 4.0 <= high


def prognosis(n: int = 150, spread: float = 2.0) -> pd.DataFrame:
    """Return an honest prognostic score: its risk ratio is e, C about .87."""
    rng = np.random.default_rng(7)
    x = spread * rng.normal(size=n)
    time, end = rng.exponential(100, n) * np.exp(-x), rng.exponential(400, n)
    return pd.DataFrame({"x": x, "t": np.minimum(time, end) + 1e-3, "e": (time <= end).astype(int)})


@pytest.mark.parametrize("seed", range(3))
def test_r9_lets_an_honest_prognostic_model_pass(seed: int) -> None:
    """Few rows have most of the risk scores' sum; in the risk sets of the deaths they are not."""
    frame = prognosis(450, 2.5).sample(frac=1.0, random_state=seed)
    for k in range(3):
        site = frame.iloc[150 * k : 150 * (k + 1)].reset_index(drop=True)
        assert ask(site, "evaluate", evaluate([1.0]))["status"] == "ok"


def steep(n: int) -> pd.DataFrame:
    """Return rows whose times have nothing to do with the covariate."""
    return people(n, seed=11)


@pytest.mark.parametrize("n", [60, 150, 1000, 40_000])
def test_A03_r9_the_deaths_expected_of_many_do_not_hide_the_few(n: int) -> None:
    """Attack: a steep slope; each mean over a risk set is one patient's, if not always the same."""
    assert refusal(steep(n), evaluate([10.0]), "evaluate") == "COEFFICIENT_RANGE"


@pytest.mark.parametrize("step", ["start", "evaluate"])
@pytest.mark.parametrize("slope", [5.0, 10.0, 100.0])
def test_A03_r9_an_offset_in_start_steers_no_better(slope: float, step: str) -> None:
    """Attack: the offset is a column that is as steep as the slope may not be."""
    frame = people(150).assign(o=lambda f: slope * np.roll(f["x"], 1))
    asked = opening(offset="o") if step == "start" else evaluate([0.0], offset="o")
    assert refusal(frame, asked, step) == "COEFFICIENT_RANGE"


def test_A04_r9_holds_at_coefficients_of_0_too() -> None:
    """The likelihood is told as the difference to that at 0, where an offset may aim at few."""
    frame = people()
    frame["o"] = -12 * (frame["x"] - frame["x"].mean()) / frame["x"].std()
    slope = 12 / frame["x"].std()
    assert refusal(frame, evaluate([slope], offset="o"), "evaluate") == "COEFFICIENT_RANGE"
    told = ask(
        frame, "evaluate", evaluate([slope], offset="o"), exact(widest_predictor=1e3, min_rows=1)
    )
    flat = ask(frame, "evaluate", evaluate([0.0]))
    gain = array(told, "likelihood")[0]
    assert told["sums"]["tallies"]["score"]["x"] == pytest.approx(
        flat["sums"]["tallies"]["score"]["x"], rel=1e-9
    )
    assert abs(gain) > 1  # the attack, unguarded: it is that at 0 with the offset
