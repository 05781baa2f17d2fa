"""Attacks with coefficients: steered to one patient, or many that are not."""

import numpy as np

from privacy.attacker import LEDGER, OPEN, share_of_unknowns
from privacy.cox.questions import PACKAGE, ask, evaluate, opening, people, refusal
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
    assert refusal(offset, opening(offset="o")) == "SMALL_CELL"


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


def test_A12_refusals_tell_nothing_that_counts_do_not() -> None:
    """1,000 random coefficients and shifts: two sites that differ in one patient refuse alike."""
    rng = np.random.default_rng(3)
    frame = people(80).round({"x": 1})
    other = frame.copy()
    other.loc[7, "x"] += 0.1
    codes, apart = set(), 0
    for _ in range(500):
        asked = evaluate([float(rng.normal() * 10 ** rng.uniform(-2, 2))])
        asked["shift"] = [float(rng.normal())]
        one, two = (ask(rows, "evaluate", asked).get("code", "ok") for rows in (frame, other))
        codes.add(one)
        apart += one != two
    assert codes == {"ok", "COEFFICIENT_RANGE"}
    assert apart <= 5  # a limit on sums of many rows moves by chance, not by one patient
