"""Where an operator lists requests, these are answered whole, and nothing else is looked at.

Attack: a second request about nearly the same rows, of which the first gives the rest away (A07).
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import attacker
from helpers.face_examples import CASES, Case
from helpers.new_analyses import write_mean
from helpers.policies import EXACT, exact, shipped
from v6_clinical.disclosure import Policy
from v6_clinical.errors import AnalysisError
from v6_clinical.platforms import local
from v6_clinical.protocol.agreed import request_digests
from v6_clinical.protocol.registry import face_of, load_method, load_site
from v6_clinical.protocol.request import parse_request
from v6_clinical.protocol.site import answer

COX = {"time": "time", "event": "cens"}
GRADES = {"tgrade": ["I", "II", "III"]}
MORE = {
    "codebook": ("summary", {"columns": ["age", "tgrade"], "levels": GRADES}),
    "one correlated": ("summary", {"columns": ["age", "tgrade"], "correlation": True}),
    "far quantiles": ("summary", {"columns": ["age", "tsize"], "quantiles": [0.013, 0.77]}),
    "merged levels": (
        "summary",
        {"columns": ["age"], "group_by": "tgrade", "collapse": {"tgrade": {"low": ["I", "II"]}}},
    ),
    "spline": ("logistic", {"outcome": "cens", "formula": "ns(age, df=3) + horTh"}),
    "named knots": (
        "logistic",
        {"outcome": "cens", "formula": "ns(age, knots=[45, 58.5]) + scale(tsize)"},
    ),
    "cubic splines": (
        "logistic",
        {"outcome": "cens", "formula": "bs(score, df=4) + bs(mark, df=4, lower=8, upper=72)"},
    ),
    "one bound": (
        "glm",
        {
            "family": "binomial",
            "outcome": "cens",
            "formula": "bs(score, df=4, lower=8) + ns(age, df=2, upper=76)",
        },
    ),
    "placed knots": (
        "glm",
        {
            "family": "gaussian",
            "outcome": "tsize",
            "formula": "ns(age, knots=[48], lower=32, upper=64) + I(pnodes/10)",
        },
    ),
    "interaction": (
        "cox",
        COX
        | {
            "formula": "age + C(tgrade, ref='II') * horTh",
            "levels": GRADES,
            "cluster": "menostat",
        },
    ),
    "curves": (
        "cox",
        COX | {"predictors": ["age"], "strata": ["horTh"], "time_horizon": 1500, "robust": True},
    ),
}
REQUESTS = {case.analysis: (case.analysis, dict(case.arguments)) for case in CASES}
REQUESTS |= {name: one for name, one in MORE.items() if one[0] in REQUESTS}
EACH = pytest.mark.parametrize("name", REQUESTS)
ROWS = pd.concat(CASES[0].frames(), ignore_index=True)
ROWS[["score", "mark"]] = np.random.default_rng(3).uniform(10, 70, (len(ROWS), 2))
FRAMES = [ROWS.iloc[first::3].reset_index(drop=True) for first in range(3)]


def frames_of(name: str) -> list[pd.DataFrame]:
    arguments = REQUESTS[name][1]
    if arguments.get("cluster"):
        return [frame.assign(menostat=range(len(frame))) for frame in FRAMES]
    return FRAMES


def digests(analysis: str, arguments: dict[str, Any]) -> frozenset[str]:
    central = load_method(face_of(analysis))
    return frozenset(request_digests(central, parse_request(central.request, arguments)))


def listing(name: str) -> Policy:
    return exact(allowed_requests=digests(*REQUESTS[name]))


@EACH
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_listed_request_runs_whole_and_has_the_same_result(name: str, noise: float) -> None:
    analysis, arguments = REQUESTS[name]
    site = shipped(blur=noise, blur_rows=5 * noise)
    listed = replace(site, allowed_requests=digests(analysis, arguments))
    found = local.run(analysis, frames_of(name), arguments, policy=listed)
    assert found["status"] == "completed", found["error"]
    assert found == local.run(analysis, frames_of(name), arguments, policy=site)


@EACH
@pytest.mark.parametrize("listed", ["another", "none"])
def test_any_other_request_is_refused_by_every_site(name: str, listed: str) -> None:
    analysis, arguments = REQUESTS[name]
    others = [digests(*one) for other, one in REQUESTS.items() if other != name]
    policy = Policy(
        allowed_requests=frozenset().union(*others) if listed == "another" else frozenset()
    )
    found = local.run(analysis, frames_of(name), arguments, policy=policy)
    codes = [site["code"] for site in found["error"]["sites"]]
    assert codes == ["REQUEST_NOT_ALLOWED"] * 3
    assert "--digest" in found["error"]["remedy"]
    assert all(each in found["error"]["message"] for each in digests(analysis, arguments))


def asked(name: str) -> list[dict[str, Any]]:
    """Return the questions of an honest run, one of each kind and of each number of fields."""
    analysis, arguments = REQUESTS[name]
    site, seen = load_site(face_of(analysis).package), []

    class Recorder(local.Sites):
        def _one(self, organization: int, message: Any) -> Any:
            if organization == 1:
                seen.append(json.loads(json.dumps(message)))
            return super()._one(organization, message)

    from v6_clinical.protocol import centre

    frames = frames_of(name)
    transport = Recorder(site, frames, [EXACT] * len(frames), lambda _: None)
    centre.run(load_method(face_of(analysis)), dict(arguments), transport)
    return list({(m["step"], bool(m["arguments"].get("report"))): m for m in seen}.values())


Path = tuple[Any, ...]


def leaves(part: Any, path: Path = ()) -> Iterator[Path]:
    """Yield where a text, a flag or a number stands, and where a name does."""
    if isinstance(part, dict | list):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            yield from leaves(value, (*path, key))
    elif part is not None:
        yield path


def one_changed(message: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the message with one letter more, another flag, or another number."""
    changed = copy.deepcopy(message)
    *above, last = path
    place: Any = changed["arguments"]
    for key in above:
        place = place[key]
    value = place[last]
    place[last] = value + "x" if isinstance(value, str) else _other(value)
    return changed


def _other(value: Any) -> Any:
    return not value if isinstance(value, bool) else value + 1


class ReadError(RuntimeError):
    """The data were read."""


def outcome(name: str, message: dict[str, Any]) -> str:
    """Return what becomes of a message: refused with a code, or "read" the data."""

    def read(_: Policy) -> pd.DataFrame:
        raise ReadError

    site = load_site(face_of(REQUESTS[name][0]).package)
    found = answer(site, message, lambda: listing(name), read)
    return "read" if found["code"] == "INTERNAL" else str(found["code"])


# What data decide, or an honest centre: a listed request answers whatever stands there.
FREE = {"shift", "slopes", "intercepts", "null", "origin", "grid", "window", "windows", "finer"}
FREE |= {"references", "levels", "mean", "sd", "step", "placed", "names"}
# What is pinned all the same where the request says it.
PINNED = {"opening", "codebook"}


@EACH
def test_one_letter_changed_is_refused_before_data_are_read(name: str) -> None:
    """Whatever is not free: every text, flag and number of every kind of question."""
    changed = 0
    for message in asked(name):
        assert outcome(name, message) == "read"
        for path in leaves(message["arguments"]):
            free = bool(set(path) & FREE) and not set(path) & PINNED
            # asked for only where there are two numeric columns
            free |= path == ("correlation",) and "correlation" in REQUESTS[name][1]
            found = outcome(name, one_changed(message, path))
            if found == "read":
                assert free, path
                continue
            assert found in ("REQUEST_NOT_ALLOWED", "BAD_REQUEST"), path
            changed += 1
    assert changed > 5


def changes(**more: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda arguments: arguments | more


SAME: list[tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = [
    ("summary", lambda a: a | {"columns": a["columns"][::-1]}),
    ("summary", changes(quantiles=[0.1], histogram=False)),
    ("logistic", changes(organizations_to_include=[1, 2], on_refusal="exclude")),
    ("logistic", changes(confidence_level=0.9, max_rounds=40)),
    ("cox", changes(formula="horTh + age", predictors=None)),
]
BASE: dict[str, dict[str, Any]] = {
    "summary": {"columns": ["age", "tgrade", "tsize"], "group_by": "horTh"},
    "logistic": {"outcome": "cens", "predictors": ["age", "horTh"]},
    "cox": COX | {"predictors": ["age", "horTh"]},
    "glm": {"family": "poisson", "outcome": "pnodes", "predictors": ["age"]},
}
OTHER: list[tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = [
    ("summary", changes(group_by="menostat")),
    ("summary", changes(columns=["age", "tgrade"])),
    ("summary", changes(levels=GRADES)),
    ("summary", changes(collapse={"tgrade": {"late": ["II", "III"]}})),
    ("summary", changes(per_site=True)),
    ("logistic", changes(predictors=["age", "menostat"])),
    ("logistic", changes(formula="age * horTh", predictors=None)),
    ("logistic", changes(formula="log(age) + horTh", predictors=None)),
    ("logistic", changes(levels={"horTh": ["no", "yes"]})),
    ("logistic", changes(robust="HC0")),
    ("logistic", changes(positive="0")),
    ("logistic", changes(weights="tsize")),
    ("logistic", changes(site_effect=True)),
    ("cox", changes(baseline="exact")),
    ("cox", changes(strata=["tgrade"])),
    ("cox", changes(ties="breslow")),
    ("cox", changes(time_horizon=1000)),
    ("cox", changes(zph_transform="km")),
    ("cox", changes(entry="tsize")),
    ("glm", changes(family="gamma")),
    ("glm", changes(exposure="time")),
    ("glm", changes(link="identity", family="gaussian")),
]


@pytest.mark.parametrize("number", [k for k, one in enumerate(SAME) if one[0] in REQUESTS])
def test_what_changes_no_question_changes_no_digest(number: int) -> None:
    analysis, change = SAME[number]
    given = {k: v for k, v in change(BASE[analysis]).items() if v is not None}
    assert digests(analysis, given) == digests(analysis, BASE[analysis])


@pytest.mark.parametrize("number", [k for k, one in enumerate(OTHER) if one[0] in REQUESTS])
def test_what_changes_a_question_changes_the_digests(number: int) -> None:
    """A digest that both have is of a question that both lead to."""
    analysis, change = OTHER[number]
    given = {k: v for k, v in change(BASE[analysis]).items() if v is not None}
    ours, theirs = digests(analysis, BASE[analysis]), digests(analysis, given)
    assert theirs - ours
    assert analysis != "summary" or not ours & theirs or "per_site" in given


@pytest.mark.skipif("logistic" not in REQUESTS, reason="an image of another analysis")
@pytest.mark.parametrize("move", [0.0, 8.0])
@pytest.mark.parametrize("name", ["named knots", "spline"])
def test_A07_knots_are_those_of_the_listed_request(name: str, move: float) -> None:
    """Attack: a placed knot moves towards one patient; those that data place move together."""
    (message,) = [m for m in asked(name) if m["arguments"].get("report")]
    terms = [f for term in message["arguments"]["model"]["terms"] for f in term["factors"]]
    (spline,) = [factor for factor in terms if factor["kind"] == "spline"]
    spline["placed"][1] += move * spline["step"]
    assert outcome(name, message) == ("REQUEST_NOT_ALLOWED" if move else "read")


@pytest.mark.skipif("summary" not in REQUESTS, reason="an image of another analysis")
def test_A07_the_second_of_two_groupings_is_not_answered() -> None:
    """Attack: two groupings whose groups differ by one patient; the list has the first only."""
    case = Case("summary", "gbsg2", {"columns": ["age"], "group_by": "arm"})
    rows = FRAMES[0].assign(arm="a", other="a")
    rows.loc[rows.index[:30], ["arm", "other"]] = "b"
    rows.loc[rows.index[40], "other"] = "b"

    def ask(group: str, settings: dict[str, str]) -> attacker.Answer:
        opening = {"names": ["age", group], "group_by": group, "levels": {}, "collapse": {}}
        return attacker.ask(case.package, rows, "describe", opening, settings=settings)

    listed = ",".join(digests("summary", dict(case.arguments)))
    settings = {"V6C_ALLOWED_REQUESTS": listed}
    assert ask("arm", settings)["status"] == "ok"
    assert attacker.refusal(ask("other", settings)) == ("REQUEST_NOT_ALLOWED", [])
    assert ask("other", {})["status"] == "ok"  # unguarded
    assert ask("arm", {"V6C_ALLOWED_REQUESTS": " "})["code"] == "REQUEST_NOT_ALLOWED"


@pytest.mark.skipif("summary" not in REQUESTS, reason="an image of another analysis")
def test_a_later_question_belongs_to_its_opening() -> None:
    """The list is of openings: what follows one is about its columns, in its words."""
    name = "codebook"
    opening, tabulate, *_ = asked(name)
    without = copy.deepcopy(tabulate)
    del without["arguments"]["opening"]
    assert outcome(name, without) == "REQUEST_NOT_ALLOWED"
    wrong: list[dict[str, Any]] = [
        {"categorical": [{"name": "tgrade", "levels": ["I", "II"], "collapse": {}}]},
        {"categorical": [{"name": "menostat", "levels": ["Pre", "Post"], "collapse": {}}]},
        {"group": {"name": "horTh", "levels": ["no", "yes"], "collapse": {}}},
    ]
    for more in wrong:
        message = tabulate | {"arguments": tabulate["arguments"] | more}
        assert outcome(name, message) == "BAD_REQUEST"
    assert outcome(name, opening) == "read"


def test_an_analysis_that_does_not_say_what_stays_cannot_be_listed(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that says it can; the sites of one that does not answer no question but a listed one."""
    write_mean(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    request = {"column": "age"}
    listed = shipped(allowed_requests=digests("mean", request))
    assert local.run("mean", FRAMES, request, policy=listed)["status"] == "completed"
    monkeypatch.delattr("v6_mean.analysis.standing")
    monkeypatch.delattr("v6_mean.site.QUESTIONS")
    assert not digests("mean", request)
    found = local.run("mean", FRAMES, request | {"column": "tsize"}, policy=listed)
    assert found["error"]["code"] == "REQUEST_NOT_ALLOWED"
    for name in [name for name in sys.modules if name.partition(".")[0] == "v6_mean"]:
        del sys.modules[name]


def test_a_request_that_is_none_has_no_digest() -> None:
    with pytest.raises(AnalysisError):
        digests(CASES[0].analysis, {"no such": "argument"})
