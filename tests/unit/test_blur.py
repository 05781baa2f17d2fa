"""The blur: what noise is drawn, when it is the same, and that nothing leaves without."""

from __future__ import annotations

import json

import numpy as np
import pytest

from v6_clinical.disclosure import Policy
from v6_clinical.disclosure.blur import NO_NOISE, Blur, Scale, Source
from v6_clinical.disclosure.row_key import Columns, beside, powers_of
from v6_clinical.numerics.whitening import Factor
from v6_clinical.protocol.analysis import SiteAnswer
from v6_clinical.protocol.registry import Site
from v6_clinical.protocol.site import answer
from v6_clinical.protocol.sums import Form, Noise, Sums
from v6_clinical.version import __version__

SECRET = bytes(range(32))
BLUR = Blur(0.01, 0.15, SECRET)


def table(n: int = 80, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    age, yes = rng.integers(18, 80, n), rng.random(n) < 0.3
    design = np.column_stack([np.ones(n), age, yes, age * yes]).astype(float)
    return design, (rng.random(n) < 0.4).astype(float)


def test_whitening_gives_back_the_matrix_and_the_leverages():
    design, _ = table()
    factor = Factor(design.T @ design)
    assert np.allclose(factor.root @ factor.root.T, design.T @ design, rtol=1e-12)
    hat = design @ np.linalg.inv(design.T @ design) @ design.T
    assert np.allclose(factor.norms(design) ** 2, np.diag(hat), atol=1e-12)


def test_a_column_that_others_determine_has_no_coordinate():
    design, _ = table()
    twice = np.column_stack([design, 2 * design[:, 1] + design[:, 2]])
    factor = Factor(twice.T @ twice)
    assert factor.root.shape == (5, 4)
    assert np.allclose(factor.root @ factor.root.T, twice.T @ twice, rtol=1e-9)
    assert np.allclose(factor.norms(twice), Factor(design.T @ design).norms(design))
    assert len(Factor(np.zeros((3, 3))).norms(np.zeros((2, 3)))) == 2


def on_grid(columns: Columns, source: Source, beta: np.ndarray) -> tuple[np.ndarray, bytes]:
    moments = [source.blur.moments(digest) for digest in columns.digests]
    canonical, question = source.on_grid(columns.canonical(beta, moments))
    return columns.coefficients(canonical, moments), question


def told(design: np.ndarray, y: np.ndarray, beta: np.ndarray, blur: Blur = BLUR):
    """Score and information of least squares as a site would tell them; see ``written``."""
    columns = Columns(tuple(beside([powers_of(x) for x in design.T], y)[0]), True)
    matrix = design.T @ design
    source = blur.source(columns.row_key(Factor(matrix).norms(design) ** 2, y))
    asked, question = on_grid(columns, source, beta)
    scale = source.scale(len(y), 0.3, 0.2)
    score = design.T @ (y - design @ asked)
    return source.score_block("evaluation", question, scale, score, matrix, columns)


def written(how: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows, columns and question in another spelling, and the way back to the first."""
    design, y = table()
    beta, back = np.array([-1.0, 0.02, 0.5, 0.001]), np.eye(4)
    if how == "rows":
        order = np.random.default_rng(1).permutation(len(y))
        design, y = design[order], y[order]
    elif how == "columns":
        back = np.eye(4)[[0, 3, 1, 2]]
    elif how == "unit":
        back = np.diag([1.0, 1 / 365.25, 1.0, 2.0])
    elif how == "negative":
        back = np.diag([1.0, -1.0, 1.0, -3.0])
    elif how == "zero":
        back = np.eye(4)
        back[1, 0] = 40.0  # the column less 40
    new = design @ np.linalg.inv(back).T
    return new, y, back.T @ beta, back


@pytest.mark.parametrize("how", ["rows", "columns", "unit", "negative", "zero"])
def test_spellings_draw_nothing_anew(how: str):
    design, y = table()
    score, matrix = told(design, y, np.array([-1.0, 0.02, 0.5, 0.001]))
    new, outcome, beta, back = written(how)
    other, gram = told(new, outcome, beta)
    # one more step of the grid that numbers are told on; a draw of its own would be off by .1 sd
    sd = np.sqrt(np.diag(matrix))
    assert np.allclose(back @ other, score, rtol=0, atol=2e-3 * sd.max())
    assert (np.abs(back @ gram @ back.T - matrix) <= 2e-3 * np.outer(sd, sd)).all()
    if how in ("rows", "columns"):
        assert (np.linalg.inv(back) @ score == other).all()  # byte for byte


def test_other_rows_columns_questions_and_secrets_draw_anew():
    design, y = table()
    beta = np.array([-1.0, 0.02, 0.5, 0.001])
    exact = Blur()
    draws = []
    for blur in (BLUR, Blur(0.01, 0.15, SECRET[::-1])):
        for rows in (slice(None), slice(1, None)):
            for columns in ([0, 1, 2, 3], [0, 1, 2]):
                for moved in (0.0, 1e-3):
                    case = design[rows][:, columns], y[rows], beta[columns] + moved
                    noisy, true = told(*case, blur)[0], told(*case, exact)[0]
                    draws.append(((noisy - true) / np.abs(true).max())[:3])
    found = np.array(draws)
    assert len(np.unique(found[:, 0])) == len(found)
    assert np.abs(np.corrcoef(found) - np.eye(len(found))).max() < 1  # none is another's multiple


def test_less_than_the_grid_is_the_same_question():
    design, y = table()
    beta = np.array([-1.0, 0.02, 0.5, 0.001])
    first = told(design, y, beta)
    answers = {told(design, y, beta + k * 1e-13)[0].tobytes() for k in range(20)}
    assert len(answers) <= 2  # an edge of the grid may lie between
    same = sum(bool((told(design, y, beta + k * 1e-6)[0] == first[0]).all()) for k in range(20))
    assert same == 1


def test_without_a_secret_each_answer_is_drawn_anew():
    design, y = table()
    blur = Blur(0.01, 0.15)
    first, second = (told(design, y, np.zeros(4), blur)[0] for _ in range(2))
    assert (first != second).any()  # one number in thousands is told alike


def test_noise_has_the_declared_size():
    design, y = table()
    matrix, score = design.T @ design, design.T @ y
    back = np.linalg.inv(Factor(matrix).root)
    z, e = [], []
    for k in range(600):
        source = Blur(0.01, 0.15, SECRET).source(str(k).encode())
        noisy, changed = source.score_block("x", b"", Scale(0.2, 0.05), score, matrix)
        z.append(back @ (noisy - score))
        e.append((back @ (changed - matrix) @ back.T)[np.tril_indices(4)])
    # 2,400 and 6,000 draws: 6 sd of a standard deviation are 9 % and 6 % of it
    assert abs(np.std(z) - 0.2) < 0.09 * 0.2
    assert abs(np.std(e) - 0.05) < 0.06 * 0.05
    numbers = [BLUR.source(str(k).encode()).number("x", b"", 3.0, 2.0, 0.5) for k in range(2_000)]
    assert abs(np.std(numbers) - max(0.01 * 2, 0.15 * 0.5)) < 0.1 * 0.075
    assert np.mean(numbers) == pytest.approx(3.0, abs=6 * 0.075 / 2_000**0.5)


def test_what_is_told_is_a_power_of_two_times_what_n_gives():
    source = BLUR.source(b"rows")
    for row in (0.0, 0.1, 0.4, 0.7, 2.0):
        found = source.scale(100, row, row)
        d0, e0 = 3 * 0.15 / 10, 9 * 0.15 / 100
        assert np.log2(found.d / d0) == round(np.log2(found.d / d0)) >= 0
        assert np.log2(found.e / e0) == round(np.log2(found.e / e0)) >= 0
        assert found.d >= 0.15 * row
        assert found.e >= 0.15 * row
    assert Blur().source(b"rows").scale(100, 1.0, 1.0) == NO_NOISE


def test_exact_settings_change_no_bit():
    design, y = table()
    matrix, score = design.T @ design, design.T @ y
    source = Blur().source(b"rows")
    found = source.score_block("x", b"", NO_NOISE, score, matrix)
    assert found[0] is score
    assert found[1] is matrix
    assert source.number("x", b"", 0.1, 1.0, 1.0) == 0.1


def test_the_secret_is_in_no_repr():
    shown = repr(Policy(blur=0.01, secret=SECRET)) + repr(BLUR) + repr(BLUR.source(b"rows"))
    assert SECRET.hex() not in shown
    assert repr(SECRET) not in shown


def test_a_total_tells_the_noise_of_its_parts():
    parts = [
        Sums(forms={"a": Form(("x", "y"), np.diag([k, 2.0]))}, noise={"a": Noise(d, 0.02)})
        for k, d in ((1.0, 0.1), (3.0, 0.2))
    ]
    read = [Sums.from_json(json.loads(json.dumps(part.to_json()))) for part in parts]
    total = Sums.total(read)
    assert total["noise/a"].tolist() == [0.2, 0.02]
    expected = np.diag([0.1**2 * 1 + 0.2**2 * 3, (0.1**2 + 0.2**2) * 2])
    assert np.allclose(total.form("noise/a", ("x", "y")), expected, rtol=1e-15)


@pytest.mark.parametrize("blur", [0.0, 0.01])
@pytest.mark.parametrize("name", ["told", "forgotten", "count"])
def test_a_number_without_noise_does_not_leave(name: str, blur: float):
    def step(frame, arguments, policy, place):
        source = policy.noise.source(b"rows")
        number = np.array([source.number("told", b"", 1.0, 1.0, 1.0)])
        noise = {"told": Noise()} if name == "told" else {}
        return SiteAnswer(Sums({name: number}, noise=noise), 20)

    site = Site("x", {"step": step}, {"step": {name: ""}}, frozenset({"count"}))
    message = {"version": __version__, "step": "step", "arguments": {}, "index": 0, "count": 1}
    policy = Policy(blur=blur, blur_rows=0.0, secret=SECRET)
    found = answer(site, message, lambda: policy, lambda policy: None)
    refused = found["status"] == "refused"
    assert refused == (name == "forgotten" and blur > 0)
    if refused:
        assert found["code"] == "INTERNAL"
