"""Spellings of a model that change no number draw nothing new; those that do draw anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import cox_attacker as cox
from helpers import glm_attacker as glm
from helpers import logistic_attacker as logistic
from helpers.blurred import largest_correlation, noise, numbers, policy, reply
from helpers.three_sites import good
from v6_clinical.disclosure import Policy
from v6_clinical.version import __version__

Arguments = dict[str, Any]
Spelling = Callable[[Arguments], Arguments]
SLOPES = [0.03, -0.05, 0.2, 0.4]
REPORTS = {"logistic": {"meat": True, "grid": None}, "glm": {"meat": True}}
OUTCOMES = {
    "binomial": ("binomial", "logit", "y"),
    "poisson": ("poisson", "log", "counts"),
    "gaussian": ("gaussian", "identity", "bmi2"),
}
LEVELS = {"stage": ["I", "II", "III"]}
CODED = {"levels": LEVELS, "references": {"stage": "I"}}
TERMS = ["age", "bmi", "stage"]


def rows() -> pd.DataFrame:
    frame = good(1)
    rng, n = np.random.default_rng(11), len(frame)
    exposed = rng.uniform(1, 3, n)
    return frame.assign(
        ones=1.0,
        zeros=0.0,
        twos=2.0,
        each=rng.permutation(n),
        pairs=np.arange(n) // 2,
        others=rng.permutation(n) // 2,
        exposed=exposed,
        logs=np.log(exposed),
        counts=rng.poisson(2, n),
        bmi2=frame["bmi"] + rng.normal(0, 3, n),
        apart=rng.permutation(n) + 1.5,
        early=np.where(frame["age"] > 60, 0.25, 0.5),
        u=rng.choice(["u", "v"], n),
        v=(v := rng.choice([1, 2], n)),
        same=v,
        second=(frame["stage"] == "II").astype(int),
    )


FRAME = rows()


def model(**more: Any) -> Spelling:
    """Return a spelling with other fields of the model."""
    return lambda arguments: arguments | {"model": arguments["model"] | more}


def other(**more: Any) -> Spelling:
    """Return a spelling with other fields of the question."""
    return lambda arguments: arguments | more


def survival(**more: Any) -> Spelling:
    return lambda arguments: arguments | {"survival": arguments["survival"] | more}


def both(*spellings: Spelling) -> Spelling:
    def spelt(arguments: Arguments) -> Arguments:
        for spelling in spellings:
            arguments = spelling(arguments)
        return arguments

    return spelt


def terms(*names: Any) -> list[Any]:
    return [logistic.column(name) if isinstance(name, str) else name for name in names]


def crossed(*names: str) -> dict[str, Any]:
    return {"factors": [{"kind": "column", "column": name} for name in names]}


def with_level(coefficient: float) -> Spelling:
    """Return a model with a level that the site has no row of."""
    levels = {"stage": [*LEVELS["stage"], "IV"]}
    return both(
        model(levels=levels),
        other(slopes=[*SLOPES, coefficient], shift=[60.0, 27.0, 0.1, 0.1, 0.0]),
    )


def twice(moved: float) -> Spelling:
    """Return a model that has a level also as a column, and their shares moved."""
    slopes = [SLOPES[0], 0.3 + moved, -0.1 - moved, 0.2]
    return both(
        model(terms=terms("age", "second", "stage")),
        other(slopes=slopes, shift=[60.0, 0.0, 0.0, 0.0]),
    )


SHIFT = [60.0, 27.0, 0.1, 0.1]
TURNED = both(
    model(terms=terms("stage", "bmi", "age")),
    other(slopes=[*SLOPES[2:], *SLOPES[1::-1]], shift=[*SHIFT[2:], *SHIFT[1::-1]]),
)
CROSSED = [
    both(
        model(terms=terms("age", crossed(*pair))),
        other(slopes=[0.03, -0.001], shift=[60.0, 1600.0]),
    )
    for pair in (("age", "bmi"), ("bmi", "age"))
]
SAME: Spelling = lambda arguments: arguments  # noqa: E731
# Pairs of spellings, with the same numbers.
COMMON: dict[str, tuple[Spelling, Spelling]] = {
    "weights of 1": (SAME, model(weights="ones")),
    "an offset of 0": (SAME, model(offset="zeros")),
    "each row its own cluster": (SAME, model(cluster="each")),
    "terms in another order": (SAME, TURNED),
    "a product turned": (CROSSED[0], CROSSED[1]),
    "levels in another order": (
        SAME,
        both(
            model(levels={"stage": ["I", "III", "II"]}),
            other(slopes=[*SLOPES[:2], *SLOPES[:1:-1]]),
        ),
    ),
    "a level renamed": (
        SAME,
        model(
            collapse={"stage": {"first": ["I"]}},
            levels={"stage": ["first", "II", "III"]},
            references={"stage": "first"},
        ),
    ),
    "a level without rows": (SAME, with_level(0.0)),
    "its coefficient": (with_level(0.0), with_level(1.7)),
    "columns that are one": (twice(0.0), twice(0.8)),
}
GLMS = COMMON | {
    "an offset that moves the intercept": (
        SAME,
        lambda asked: model(offset="twos")(asked) | {"intercepts": [asked["intercepts"][0] - 2]},
    ),
    "an exposure of 1": (SAME, model(exposure="ones")),
    "an exposure as an offset": (model(exposure="exposed"), model(offset="logs")),
    "an intercept of its own": (SAME, other(site_effect=True)),
}
STRATA = [{"column": name, "levels": None, "collapse": {}} for name in ("u", "v", "ones")]
COXES = COMMON | {
    "an offset that is constant": (SAME, model(offset="twos")),
    "entries at 0": (SAME, survival(entry="zeros")),
    "entries before all deaths": (SAME, survival(entry="early")),
    "one stratum": (SAME, survival(strata=STRATA[2:])),
    "strata turned": (survival(strata=STRATA[:2]), survival(strata=STRATA[1::-1])),
    "ties where there are none": (
        survival(time="apart"),
        survival(time="apart", ties="breslow"),
    ),
    "what strata leave out": tuple(
        both(
            survival(strata=STRATA[1:2]),
            model(terms=terms("age", "same")),
            other(slopes=[0.03, slope], shift=[60.0, 1.0]),
        )
        for slope in (0.1, 0.9)
    ),
}


def asked_of_glm(kind: str) -> Arguments:
    family, link, column = OUTCOMES[kind]
    outcome = {"column": column, "levels": None, "positive": None}
    more = {"outcome": outcome, "report": REPORTS["glm"], "shift": SHIFT} | CODED
    return glm.at(family, link, 0.3, SLOPES, *TERMS, **more)


def asked_of_cox() -> Arguments:
    question = cox.opening(*TERMS, time="t", event="y", **CODED)
    return cox.evaluate(SLOPES, cox.report(meat=True), question=question) | {"shift": SHIFT}


def told(analysis: str, arguments: Arguments, limits: Policy, step: str) -> dict[str, float]:
    """Return the numbers of an answer, without what tells a level's or an intercept's own name."""
    if step == "start":
        keep = ("model", "outcome", "site_effect", "survival", "exact", "family", "link")
        arguments = {name: arguments[name] for name in keep if name in arguments}
    found = numbers(reply(analysis, message(arguments, step), FRAME, limits))
    return {ordered(name): value for name, value in found.items()}


def ordered(name: str) -> str:
    """Return a number's name however intercepts, products and pairs of columns are written."""
    name = name.replace("/0", "").replace("bmi:age", "age:bmi").replace("first", "I")
    first, _, labels = name.partition(" ")
    return f"{first} {', '.join(sorted(labels.split(', ')))}"


def message(arguments: Arguments, step: str = "evaluate") -> dict[str, Any]:
    common = {"version": __version__, "index": 0, "count": 2}
    return common | {"step": step, "arguments": json.loads(json.dumps(arguments))}


# What is told besides, or of how the model is written.
OWN_TO_A_SPELLING = ("null", "weights", "clusters", "level", "kind", "site")
# A sum over all columns of what is told of each: its last digit depends on their order.
FOLLOWS = "outcome_squares"
# Numbers of an intercept: of where a quadratic is taken, and of where differences begin.
OF_POINT = {
    "an offset that moves the intercept": (
        "right_hand_side",
        "likelihood",
        "constants",
        "outcome_squares",
        "own_",
    ),
}


def check_same(analysis: str, asked: Arguments, pair: tuple[Spelling, Spelling], *but: str) -> None:
    for step in ("start", "evaluate"):
        ours, theirs = (told(analysis, spelt(asked), policy(1), step) for spelt in pair)
        exact = told(analysis, pair[0](asked), Policy(blur=0.0, blur_rows=0.0), step)
        shared = [n for n in ours if n in theirs and not n.startswith(OWN_TO_A_SPELLING + but)]
        parts = {name.split(" ")[0].split("[")[0] for name in shared}
        assert {"information", "column_sum" if step == "start" else "score"} <= parts
        digits = {name: 1e-13 if name.startswith(FOLLOWS) else 0.0 for name in shared}
        assert [
            n for n in shared if ours[n] != pytest.approx(theirs[n], rel=digits[n], abs=0)
        ] == []
        drawn = [name for name in shared if name.startswith("information")]
        assert any(ours[name] != exact[name] for name in drawn)


@pytest.mark.parametrize("spelling", GLMS)
@pytest.mark.parametrize("kind", OUTCOMES)
def test_spellings_of_a_generalized_linear_model_draw_nothing_new(kind: str, spelling: str) -> None:
    check_same("glm", asked_of_glm(kind), GLMS[spelling], *OF_POINT.get(spelling, ()))


@pytest.mark.parametrize("spelling", COXES)
def test_spellings_of_a_cox_model_draw_nothing_new(spelling: str) -> None:
    check_same("cox", asked_of_cox(), COXES[spelling])


def test_a_logistic_model_is_a_generalized_linear_one() -> None:
    asked = asked_of_glm("binomial")
    ours = told("glm", asked, policy(1), "evaluate")
    plain = {name: value for name, value in asked.items() if name not in ("family", "link")}
    theirs = told("logistic", plain | {"report": REPORTS["logistic"]}, policy(1), "evaluate")
    shared = [name for name in ours if name in theirs]
    assert any(name.startswith("score") for name in shared)
    assert [name for name in shared if ours[name] != theirs[name]] == []


DIFFERENT: dict[str, tuple[Spelling, Spelling]] = {
    "another reference": (SAME, model(references={"stage": "II"})),
    "weights of 2": (SAME, model(weights="twos")),
    "pairs of rows": (SAME, model(cluster="pairs")),
    "other pairs of rows": (model(cluster="pairs"), model(cluster="others")),
}


@pytest.mark.parametrize("spelling", DIFFERENT)
@pytest.mark.parametrize("analysis", ["glm", "cox"])
def test_another_question_is_another_draw(analysis: str, spelling: str) -> None:
    asked = asked_of_glm("binomial") if analysis == "glm" else asked_of_cox()
    ours, theirs = (
        {
            name: draw
            for name, draw in noise(analysis, message(spelt(asked)), FRAME, range(40)).items()
            if not name.startswith(("clusters", "weights"))
        }
        for spelt in DIFFERENT[spelling]
    )
    assert largest_correlation(ours, ours) > 0.999
    # sums of times alone, and of outcomes, are drawn once for the rows
    other = {n: x for n, x in theirs.items() if not np.array_equal(x, ours.get(n, 0))}
    assert any(name.startswith("score") for name in other)
    assert largest_correlation(ours, other) < 5 / 40**0.5


def test_other_settings_are_another_draw() -> None:
    """Else two answers of one draw in two sizes, before and after, would be exact sums."""
    asked, told_under = message(asked_of_glm("binomial")), []
    exact = numbers(reply("glm", asked, FRAME, Policy(blur=0.0, blur_rows=0.0)))
    for tau in (0.02, 0.08):
        found = numbers(reply("glm", asked, FRAME, policy(1, tau=tau)))
        told_under.append(np.array([found[n] - exact[n] for n in exact if n.startswith("score")]))
    ratio = told_under[1] / told_under[0]
    assert np.ptp(ratio) > 0.01 * np.abs(ratio).max()
