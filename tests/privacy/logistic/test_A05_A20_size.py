"""How many numbers a model may have for its rows, and how much they determine."""

import numpy as np
import pandas as pd
import pytest

from helpers import attacker
from helpers.attacker import OPEN, refusal, share_of_unknowns
from helpers.logistic_attacker import (
    PACKAGE,
    RNG,
    N,
    ask,
    at,
    column,
    factor,
    opening,
    patients,
    start,
)
from helpers.policies import exact
from v6_clinical.version import __version__


def test_A05_r7_parameters_per_row() -> None:
    frame = patients().assign(lab=RNG.normal(size=N))
    names = ("age", "bmi", "lab")
    assert start(frame.iloc[:45], *names)["status"] == "ok"
    assert refusal(start(frame.iloc[:44], *names)) == ("TOO_MANY_PARAMETERS", [])
    assert start(frame.iloc[:44], *names, policy=OPEN)["status"] == "ok"
    # two levels of three are two parameters; the codebook's other levels are none of the site's
    levels = {"arm": ["a", "b", "c", *[f"level {k}" for k in range(30)]]}
    assert start(frame.iloc[:35], "arm", levels=levels)["status"] == "ok"
    assert start(frame.iloc[:34], "arm", levels=levels)["code"] == "TOO_MANY_PARAMETERS"


@pytest.mark.parametrize("step", ["start", "evaluate", "describe"])
def test_A05_r7_functions_of_one_column_count_twice(step: str) -> None:
    """Attack: five functions of the ages of 60 patients; 1 + 1 + 4 * 2 + 1/2 parameters."""
    frame = patients(105).assign(age=RNG.permutation(np.linspace(20, 90, 105)))
    terms = [factor("power", "age", exponent=k) for k in (2, 3)]
    terms += [factor("function", "age", function=f) for f in ("log", "sqrt")]
    terms += [factor("scale", "age")] if step == "describe" else [column("age")]
    asked = at(0.0, [0.0] * 5, *terms) if step == "evaluate" else opening(*terms)
    assert ask(frame.iloc[:104], step, asked)["code"] == "TOO_MANY_PARAMETERS"
    assert ask(frame, step, asked)["status"] == "ok"
    assert ask(frame.iloc[:60], step, asked, OPEN)["status"] == "ok"


def test_A05_r7_a_spline_counts_its_functions_twice() -> None:
    placed = {"knots": [52.0, 64.0], "lower": 40.0, "upper": 80.0}
    done = {"step": 4.0, "placed": [40.0, 52.0, 64.0, 80.0]}
    spline = factor("spline", "age", basis="ns", **placed, **done)
    frame = patients(65).assign(age=RNG.permutation(np.linspace(35, 85, 65)))
    assert start(frame, spline)["status"] == "ok"  # 1 + 1 + 2 * 2 + 1/2
    assert start(frame.iloc[1:], spline)["code"] == "TOO_MANY_PARAMETERS"
    assert start(frame.iloc[1:], spline, policy=OPEN)["status"] == "ok"


def test_A05_r7_blanks_do_not_make_another_column() -> None:
    """Attack: "age ", " age" as columns of their own, and the outcome as its own predictor."""
    for model in (opening("age", "age "), opening("age", weights=" age"), opening("y ")):
        assert refusal(ask(patients(), "start", model)) == ("BAD_REQUEST", ["terms"])
    assert refusal(start(patients(), "y")) == ("BAD_REQUEST", ["outcome"])


@pytest.mark.parametrize(
    ("n", "slopes", "seed"),
    [
        (25, 1, 1),
        *(pytest.param(*more, marks=pytest.mark.repeats) for more in ((25, 1, 2), (45, 3, 1))),
    ],
)
def test_A20_an_honest_fit_does_not_determine_the_covariates(
    n: int, slopes: int, seed: int
) -> None:
    """The fewest rows that R7 allows; start, the last evaluations and the report."""
    rng = np.random.default_rng(seed)
    names = [f"x{j}" for j in range(slopes)]

    def site(rows: int) -> pd.DataFrame:
        x = rng.normal(size=(rows, slopes))
        risk = 1 / (1 + np.exp(-x @ np.linspace(0.8, -0.6, slopes)))
        return pd.DataFrame(x, columns=names).assign(y=(rng.random(rows) < risk).astype(int))

    frames = [site(n), site(120), site(120)]
    arguments = {"outcome": "y", "predictors": names, "robust": "HC0"}
    found, asked = attacker.run(PACKAGE, frames, arguments)
    assert found["status"] == "completed", found["error"]
    share = share_of_unknowns(PACKAGE, frames[0], names, [asked[0], *asked[1:][-3:]], ["pairs"])
    assert 0.3 < share <= 0.6
    smaller = [frames[0].iloc[1:], *frames[1:]]
    found, _ = attacker.run(PACKAGE, smaller, arguments)
    assert found["error"]["code"] == "TOO_MANY_PARAMETERS"


def test_A20_more_parameters_than_the_limit_would_determine_them() -> None:
    """What R7 stops: at .4 parameters a row the same fit determines nearly every covariate."""
    rng = np.random.default_rng(3)
    names = [f"x{j}" for j in range(4)]
    x = rng.normal(size=(12, 4))
    frame = pd.DataFrame(x, columns=names).assign(y=np.arange(12) % 2)
    asked = [
        {"version": __version__, "step": step, "arguments": arguments, "index": 0, "count": 2}
        for step, arguments in (
            ("start", opening(*names)),
            *(("evaluate", at(0.1 * k, [0.1 * k] * 4, *names)) for k in range(4)),
        )
    ]
    assert share_of_unknowns(PACKAGE, frame, names, asked, policy=OPEN) > 0.9
    assert start(frame, *names)["code"] == "TOO_MANY_PARAMETERS"


@pytest.mark.parametrize("blur", [0.0, 0.25])
@pytest.mark.parametrize(
    ("kind", "more", "bent"),
    [
        ("power", {"exponent": 2}, True),
        ("function", {"function": "log"}, True),
        ("scale", {"mean": 50.0, "sd": 10.0}, False),
        ("column", {}, False),
    ],
)
def test_R7_a_product_with_a_function_needs_more_rows_where_sums_bear_noise(
    kind: str, more: dict[str, object], bent: bool, blur: float
) -> None:
    """Such a column has few rows of large leverage, and noise does not hide that there are none."""
    product = {"factors": [*factor(kind, "age", **more)["factors"], *column("arm")["factors"]]}
    policy = exact(blur_rows=blur, secret=bytes(32))
    found = start(patients(110), "age", "arm", product, policy=policy)
    assert (found.get("code") == "TOO_MANY_PARAMETERS") == (bent and blur > 0)
    assert start(patients(110), factor(kind, "age", **more), "arm", policy=policy)["status"] == "ok"
