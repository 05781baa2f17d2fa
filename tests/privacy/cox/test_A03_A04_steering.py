"""Attacks with coefficients: steered to one patient, or many that are not."""

from privacy.attacker import OPEN
from privacy.cox.questions import ask, evaluate, opening, people, refusal


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
