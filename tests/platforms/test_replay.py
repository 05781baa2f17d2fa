"""A run follows from its transcript: the same questions, and the same bytes of the result."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from helpers.three_sites import REQUESTS, good
from v6_clinical.disclosure import Policy
from v6_clinical.errors import AnalysisError
from v6_clinical.platforms.local import Sites
from v6_clinical.protocol import centre
from v6_clinical.protocol.registry import face_of, load_central, load_site
from v6_clinical.protocol.site import refused
from v6_clinical.protocol.stepper import replay
from v6_clinical.protocol.transcript import Transcript

OPEN = Policy.open()
SUMMARY = REQUESTS["summary"] | {"group_by": "y"}
# Every way in which a central side may go on from round to round.
FITS: dict[str, tuple[str, dict[str, Any]]] = {
    "summary": ("summary", SUMMARY | {"quantiles": [0.1], "correlation": True}),
    "summary, per site": ("summary", REQUESTS["summary"] | {"per_site": True}),
    "logistic": ("logistic", REQUESTS["logistic"]),
    "logistic, site effects": ("logistic", REQUESTS["logistic"] | {"site_effect": True}),
    "logistic, offset": ("logistic", REQUESTS["logistic"] | {"offset": "o", "robust": "HC1"}),
    "cox": ("cox", REQUESTS["cox"] | {"time_horizon": 200, "robust": True}),
    "cox, exact": ("cox", REQUESTS["cox"] | {"baseline": "exact", "cluster": "c"}),
    "cox, scaled": ("cox", {"time": "t", "event": "y", "formula": "scale(age) + bs(bmi, df=4)"}),
}
EACH = pytest.mark.parametrize("fit", FITS)
# One of each analysis; ci/repeats runs the others.
ONE_EACH = pytest.mark.parametrize(
    "fit",
    [pytest.param(fit, marks=[] if fit in REQUESTS else [pytest.mark.repeats]) for fit in FITS],
)


def frames() -> list[pd.DataFrame]:
    return [good(k) for k in (1, 2, 3)]


class Run:
    """One run over sites that may spoil their answers; it keeps a transcript of each round."""

    def __init__(
        self,
        fit: str,
        sites: Sequence[pd.DataFrame] | None = None,
        policies: Sequence[Policy] = (OPEN, OPEN, OPEN),
        spoil: Callable[[int, int, Any], Any] = lambda number, site, found: None,
        **more: Any,
    ) -> None:
        analysis, arguments = FITS[fit]
        self.central = load_central(analysis)
        self.arguments = arguments | more
        data = frames() if sites is None else list(sites)
        package = face_of(analysis).package
        self._sites = Sites(load_site(package), data, policies, lambda organization: None)
        self._spoil = spoil
        self.asked: list[str] = []
        self.kept: list[str] = []

    def organizations(self) -> Sequence[int]:
        return self._sites.organizations()

    def ask(self, messages: dict[int, Any]) -> dict[int, Any]:
        self.asked.append(json.dumps(messages))
        found = self._sites.ask(messages)
        spoilt = {s: self._spoil(len(self.asked), s, answer) for s, answer in found.items()}
        # the last to be asked answers first
        return {s: found[s] if spoilt[s] is None else spoilt[s] for s in reversed(found)}

    def keep(self, transcript: Transcript) -> None:
        self.kept.append(transcript.dumps())

    def start(self) -> str:
        return as_bytes(centre.run(self.central, self.arguments, self, keep=self.keep))


def as_bytes(result: dict[str, Any] | None) -> str:
    return json.dumps(result, allow_nan=False)


def check_replay(run: Run, result: str) -> None:
    """Every transcript leads to the question that was asked next, the last one to the result."""
    for number, text in enumerate(run.kept, 1):
        stepper = replay(run.central, Transcript.loads(text))
        assert stepper.transcript.dumps() == text
        ordered = json.dumps(json.loads(text), sort_keys=True)
        assert replay(run.central, Transcript.loads(ordered)).result == stepper.result
        if number < len(run.kept):
            assert stepper.open is not None
            assert json.dumps(stepper.open.messages()) == run.asked[number]
        else:
            assert as_bytes(stepper.result) == result


@EACH
def test_a_transcript_gives_every_question_and_the_result(fit: str) -> None:
    run = Run(fit)
    result = run.start()
    assert json.loads(result)["status"] == "completed", result[:500]
    assert len(run.kept) == len(run.asked) > 1
    check_replay(run, result)


@ONE_EACH
def test_a_run_that_is_killed_in_any_round_is_taken_up_F07(fit: str) -> None:
    """The finished rounds are not asked again, and the result has the same bytes."""

    class Killed(BaseException):
        """Stands for SIGKILL."""

    plain = Run(fit)
    result = plain.start()
    rounds = len(plain.asked)
    for last in range(1, rounds):

        def die(number: int, site: int, found: Any, last: int = last) -> None:
            if number == last + 1:
                raise Killed

        first, second = Run(fit, spoil=die), Run(fit)
        with pytest.raises(Killed):
            first.start()
        assert len(first.kept) == last
        transcript = Transcript.loads(first.kept[-1])
        assert as_bytes(centre.resume(second.central, transcript, second)) == result
        assert second.asked == plain.asked[last:]


@EACH
def test_the_order_of_sites_changes_no_bit(fit: str) -> None:
    """Nor do their numbers: every table that is not of single sites has the same bytes."""
    plain = json.loads(Run(fit).start())
    other = json.loads(Run(fit, [good(k) for k in (3, 1, 2)]).start())
    for result in (plain, other):
        del result["sites"], result["ledger"]
        own = result.pop("per_site", None)
        assert (own is None) == ("per site" not in fit)
    if "site effects" in fit:
        for result in (plain, other):
            slopes = [r for r in result["coefficients"] if "[site " not in r["term"]]
            result["coefficients"] = slopes
            del result["covariance"]
        assert digits(other) == pytest.approx(digits(plain), rel=1e-9)
        return
    assert as_bytes(without_numbers(other)) == as_bytes(without_numbers(plain))


def without_numbers(result: dict[str, Any]) -> dict[str, Any]:
    """Leave out which site's a curve is: each site has one of its own."""
    curves = [curve | {"organization_id": 0} for curve in result.get("baseline_hazard", [])]
    return result | {"baseline_hazard": sorted(curves, key=as_bytes)}


def digits(result: dict[str, Any]) -> list[float]:
    return [row["estimate"] for row in result["coefficients"]]


def refuse(code: str, site: int, round_number: int) -> Callable[[int, int, Any], Any]:
    def spoil(number: int, organization: int, found: Any) -> Any:
        return refused(code, ["age"]) if (number, organization) == (round_number, site) else None

    return spoil


@ONE_EACH
@pytest.mark.parametrize(
    ("on_refusal", "round_number"), [("fail", 1), ("exclude", 1), ("exclude", 2)]
)
def test_refusals_follow_from_the_transcript_F02(
    fit: str, on_refusal: str, round_number: int
) -> None:
    run = Run(fit, spoil=refuse("MIN_ROWS", 2, round_number), on_refusal=on_refusal)
    result = run.start()
    assert json.loads(result)["status"] == ("refused" if on_refusal == "fail" else "completed")
    check_replay(run, result)


@pytest.mark.parametrize("fit", ["logistic", "cox", "cox, exact"])
def test_tolerated_refusals_follow_from_the_transcript(fit: str) -> None:
    """Newton goes on with half a step."""
    run = Run(fit, spoil=refuse("COEFFICIENT_RANGE", 2, 2))
    result = run.start()
    assert json.loads(result)["status"] == "completed"
    check_replay(run, result)


@ONE_EACH
def test_empty_sites_and_limits_follow_from_the_transcript(fit: str) -> None:
    policies = [OPEN, replace(OPEN, min_rows=12), OPEN, OPEN]
    run = Run(fit, [*frames(), good(1).iloc[:0]], policies)
    found = json.loads(result := run.start())
    assert found["status"] == "completed", found["error"]
    assert found["sites"][3]["status"] == "no_rows"
    assert any("limits" in site for site in found["sites"])
    check_replay(run, result)


@pytest.mark.parametrize("fit", ["summary", "logistic", "cox"])
def test_data_that_change_follow_from_the_transcript_F08(fit: str) -> None:
    def fewer(number: int, site: int, found: Any) -> Any:
        return found | {"n": found["n"] - 1} if (number, site) == (2, 3) else None

    run = Run(fit, spoil=fewer)
    result = run.start()
    assert json.loads(result)["error"]["code"] == "DATA_CHANGED"
    check_replay(run, result)


def _change(path: str, value: Any) -> Callable[[Any], Any]:
    def change(message: Any) -> Any:
        *way, last = path.split("/")
        target = message
        for part in way:
            target = target[int(part) if part.isdecimal() else part]
        if value is ...:
            del target[last]
        else:
            target[last] = value
        return message

    return change


BAD: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "another version": ("VERSION", _change("version", "0.0.1")),
    "another method": ("BAD_REQUEST", _change("config/method", "summary")),
    "another schema": ("BAD_REQUEST", _change("schema", "v6-clinical/0")),
    "a field more": ("BAD_REQUEST", _change("more", 1)),
    "no rounds": ("BAD_REQUEST", _change("rounds", ...)),
    "null": ("BAD_REQUEST", lambda message: None),
    "another step": ("BAD_REQUEST", _change("rounds/1/step", "describe")),
    "a site less": ("BAD_REQUEST", lambda m: m["rounds"][0]["lines"].pop() and m),
    "a round twice": ("BAD_REQUEST", lambda m: m["rounds"].append(m["rounds"][-1]) or m),
    "an unknown status": ("BAD_REQUEST", _change("rounds/0/lines/0/status", "fine")),
    "a refusal without a code": ("BAD_REQUEST", _change("rounds/0/lines/0/status", "refused")),
    "text for a count": ("BAD_REQUEST", _change("rounds/0/lines/0/n", "120")),
    "text for participants": ("BAD_REQUEST", _change("config/participants", ["1", "2", "3"])),
    "no total": ("BAD_REQUEST", _change("rounds/0/total", {})),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_transcript_that_does_not_fit_is_refused(kind: str) -> None:
    code, change = BAD[kind]
    run = Run("logistic")
    run.start()
    changed = change(json.loads(run.kept[-1]))
    with pytest.raises(AnalysisError) as raised:
        replay(run.central, Transcript.from_json(changed))
    assert raised.value.code == code
    assert raised.value.remedy


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"version": NaN}'])
def test_text_that_is_no_transcript_is_refused(text: str) -> None:
    with pytest.raises(AnalysisError):
        Transcript.loads(text)


@ONE_EACH
def test_a_transcript_holds_no_site_s_own_sums(fit: str) -> None:
    """Of each round the total, and of each site counts, codes and sizes."""
    run = Run(fit)
    run.start()
    message = json.loads(run.kept[-1])
    assert set(message) == {"schema", "version", "config", "rounds"}
    for one in message["rounds"]:
        assert set(one) == {"step", "total", "lines"}
        for line in one["lines"]:
            known = {"organization", "status", "n", "dropped", "code", "where", "limits", "sizes"}
            assert set(line) == known | {"parameters", "redraws"}
            assert all(type(size) is int for size in line["sizes"].values())
