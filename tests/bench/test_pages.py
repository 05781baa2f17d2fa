"""The pages of docs/benchmarks are what their results make; the gate fails where it must."""

import numpy as np
import pytest

from bench import gate, long_digits, pages
from bench.benchmark_cases import DOCS


def test_pages_are_made_from_the_results() -> None:
    made = pages.pages(*pages.read(DOCS))
    for name, text in made.items():
        assert text == (DOCS / name).read_text(), f"{name} is stale: ci/bench --pages"
    assert {path.name for path in DOCS.glob("*.svg")} == {"scaling.svg", "rounds.svg"}


@pytest.mark.parametrize(
    ("name", "value", "worse"),
    [
        ("rounds: summary, p = 10", 3, 0),
        ("rounds: summary, p = 10", 4, 1),
        ("bytes: summary, p = 10, round 1", 1019, 0),
        ("bytes: summary, p = 10, round 1", 1100, 1),
        ("work: cox, x kernel", 30.0, 0),
        ("work: cox, x kernel", 50.0, 1),
    ],
)
def test_the_gate_closes(name: str, value: float, worse: int) -> None:
    recorded = {
        "rounds: summary, p = 10": 3,
        "bytes: summary, p = 10, round 1": 1019,
        "work: cox, x kernel": 24.0,
    }
    assert gate.compare(recorded | {name: value}, recorded) == worse


def test_the_gate_closes_at_a_bar_and_where_a_value_is_gone() -> None:
    above = {"memory: cox, x data": 4.2}
    assert gate.compare(above, above) == 1
    assert gate.compare({}, {"rounds: cox, p = 10": 4}) == 1
    assert gate.compare({}, {"instructions: elsewhere": 4}) == 0


def test_digits_of_an_answer() -> None:
    assert long_digits.digits(np.array([1.0, 2.0]), np.array([1.0, 2.0])) == 16
    assert long_digits.digits(np.array([1.0, 2.002]), np.array([1.0, 2.0])) == pytest.approx(3)


def test_references_solve_their_equations() -> None:
    rng = np.random.default_rng(1)
    x, time = rng.normal(size=(400, 2)), rng.exponential(size=400)
    design, events = np.column_stack([np.ones(400), x]), (rng.random(400) < 0.4).astype(float)
    beta, errors = long_digits.logistic(design, events, np.zeros(3))
    mu = 1 / (1 + np.exp(-design @ beta))
    np.testing.assert_allclose(design.T @ (events - mu), 0, atol=1e-12)
    inverse = np.linalg.inv((design * (mu * (1 - mu))[:, None]).T @ design)
    np.testing.assert_allclose(errors, np.sqrt(np.diag(inverse)), rtol=1e-12)
    beta, _ = long_digits.cox(x, time, events, None, np.zeros(2))
    risk, score = np.exp(x @ beta), np.zeros(2)
    for i in np.flatnonzero(events):
        there = time >= time[i]
        score += x[i] - risk[there] @ x[there] / risk[there].sum()
    np.testing.assert_allclose(score, 0, atol=1e-11)
