"""Runs whose questions the sites check: results as in clear, and clear ends to what goes wrong."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from helpers.checked import (
    FITS,
    STEERED,
    Run,
    frames,
    in_clear,
    ledger,
    other_peers,
    policies,
    unmasked,
    without_mode,
)
from helpers.keys import peers
from v6_clinical.analyst.report import html
from v6_clinical.analyst.report.methods import methods
from v6_clinical.analyst.saved import result_of
from v6_clinical.disclosure import Policy
from v6_clinical.errors import AnalysisError
from v6_clinical.numerics import newton
from v6_clinical.platforms import local
from v6_clinical.protocol import centre
from v6_clinical.protocol.near import MIDDLE, Near, coefficients, is_same
from v6_clinical.protocol.transcript import Transcript

EACH = pytest.mark.parametrize("fit", FITS)
NOISE = {"blur": 0.01, "blur_rows": 0.25}


def as_bytes(result: dict[str, Any]) -> str:
    return json.dumps(result, allow_nan=False)


def asked_again(run: Run) -> int:
    """Return how often sites were asked once more, in the layout of all."""
    sent = [next(iter(messages.values())) for messages in run.messages]
    return sum(one["secure"].get("again") is not None for one in sent)


@pytest.mark.parametrize("count", [3, 5])
@EACH
def test_the_result_is_that_in_clear_byte_for_byte(fit: str, count: int) -> None:
    """But for what says the mode; it costs one message, and each is the same for all.

    One more where sites bring labels of their own: here event times.
    """
    given = policies(count)
    checked, clear = Run(fit, frames(count), given), Run(fit, frames(count), unmasked(given))
    found, plain = checked.start(given[0]), clear.start()
    assert found["status"] == "completed", found["error"]
    assert as_bytes(without_mode(found)) == as_bytes(without_mode(plain))
    assert asked_again(checked) or ledger(found) == ledger(plain)
    fingerprint = peers(count).fingerprint
    assert found["secure"] == {"mode": "required", "questions": "replayed", "peers": fingerprint}
    assert {line["checked"] for line in found["ledger"]} == {"replayed"}
    assert "secure" not in plain
    assert len(checked.messages) - asked_again(checked) == len(clear.messages) + 1
    for messages in checked.messages:
        assert len({json.dumps(message) for message in messages.values()}) == 1


@pytest.mark.parametrize("fit", ["summary", "logistic", "glm", "cox"])
def test_with_noise_too(fit: str) -> None:
    """Another draw than in clear: of the same, the difference of the two would be exact."""
    given = policies(**NOISE)
    found, again = Run(fit, given=given).start(), Run(fit, given=given).start()
    assert found["status"] == "completed", found["error"]
    assert found["precision"] > 0
    assert as_bytes(found) == as_bytes(again)
    plain = Run(fit, given=unmasked(given)).start()
    assert as_bytes(without_mode(found)) != as_bytes(without_mode(plain))


def test_what_is_a_sites_own_is_refused() -> None:
    """In a sum over sites it would stand alone."""
    for fit, more in (("summary", {"per_site": True}), ("logistic", {"site_effect": True})):
        found = Run(fit, **more).start()
        assert found["error"]["code"] == "PER_SITE"
        assert Run(fit, given=[Policy.open()] * 3, **more).start()["status"] == "completed"


@EACH
def test_off_means_no_field_and_no_round(fit: str) -> None:
    given = [Policy.open()] * 3
    run = Run(fit, given=given)
    assert "secure" not in run.start(given[0])
    fields = {"version", "step", "arguments", "index", "count"}
    for messages in run.messages:
        assert all(set(message) == fields for message in messages.values())
    for answers in run.answers:
        assert all("signature" not in found for _, found in answers)


@pytest.mark.parametrize("fit", STEERED)
def test_a_centre_of_other_last_bits_is_followed(fit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its linear algebra errs otherwise than the sites'."""
    plain, rng = newton.propose, np.random.default_rng(1)
    main = threading.main_thread()

    def rounding_otherwise(evaluation: newton.Evaluation) -> newton.Proposal:
        found = plain(evaluation)
        if threading.current_thread() is not main:
            return found
        return replace(found, step=found.step * (1 + 1e-14 * rng.normal(size=len(found.step))))

    monkeypatch.setattr(newton, "propose", rounding_otherwise)
    assert Run(fit).start()["status"] == "completed"


@pytest.mark.parametrize("by_site", [False, True])
def test_near_the_middle_the_other_point_of_the_grid_is_one_s_own_too(by_site: bool) -> None:
    steps, beta = np.array([0.25, 0.5]), np.array([0.125 * (1 + MIDDLE), 3.1])

    def fields(values: Any) -> dict[str, list[float]]:
        if by_site:  # a site without rows has an intercept that it never reads
            return {"intercepts": [values[0], 0.0], "slopes": [values[1]]}
        return {"slopes": values.tolist()}

    near = Near(fields, beta, steps)
    own = {"x": 1.0, **fields(np.array([0.25, 3.0]))}
    assert near.point(coefficients(own) or {}).tolist() == [0.25, 3.0]
    for point, right in [([0.0, 3.0], True), ([0.25, 3.5], False), ([0.5, 3.0], False)]:
        asked = own | fields(np.array(point))
        assert is_same(asked, own, near) is right
    assert not is_same(own | fields(np.array([0.2, 3.0])), own, near)  # not on the grid
    assert is_same(own | {"x": 1.0 + 1e-12}, own, near)
    assert not is_same(own | {"x": 1.0 + 1e-6}, own, near)
    assert not is_same(own | {"x": 1}, own, near)
    if by_site:
        assert not is_same(own | {"intercepts": [0.25, 1.0]}, own, near)


@pytest.mark.parametrize("modes", [("on", "off", "on"), ("off", "on", "off"), ("on", "on", "off")])
@pytest.mark.parametrize("central", [None, 0, 2])
def test_where_some_sites_have_no_keys_the_others_answer_in_clear_if_they_may(
    modes: tuple[str, ...], central: int | None
) -> None:
    given = [replace(one, secure=mode) for one, mode in zip(policies(), modes, strict=True)]
    run = Run("logistic", given=given)
    found = run.start(None if central is None else given[central])
    assert found["status"] == "completed", found["error"]
    assert as_bytes(found) == as_bytes(Run("logistic", given=in_clear(given)).start())


@pytest.mark.parametrize("central", [None, 0, 1])
def test_a_site_that_requires_keys_answers_nothing_in_clear(central: int | None) -> None:
    given = [
        replace(o, secure=m) for o, m in zip(policies(), ("off", "required", "on"), strict=True)
    ]
    run = Run("logistic", given=given)
    found = run.start(None if central is None else given[central])
    assert found["status"] == "refused"
    assert found["error"]["code"] == "PEERS"
    assert [one["organization_id"] for one in found["error"]["sites"]] == [2]
    assert all("sums" not in answer for answers in run.answers for s, answer in answers if s == 2)


def test_sites_on_and_required_check_each_other() -> None:
    given = [
        replace(o, secure=m) for o, m in zip(policies(), ("on", "required", "on"), strict=True)
    ]
    found = Run("logistic", given=given).start()
    assert found["status"] == "completed"
    assert found["secure"]["mode"] == "on"  # the weakest: not every site answers so only


@pytest.mark.parametrize("more", [{"on_refusal": "exclude"}, {"organizations_to_include": [1, 2]}])
@pytest.mark.parametrize("central", [None, 0])
def test_no_site_can_be_left_out(more: dict[str, Any], central: int | None) -> None:
    given = policies()
    found = Run("logistic", given=given, **more).start(None if central is None else given[central])
    assert found["error"]["code"] == "BAD_REQUEST"
    (name,) = more
    assert name in found["error"]["message"]
    assert name in found["error"]["remedy"]


def test_all_of_them_may_be_named() -> None:
    assert Run("logistic", organizations_to_include=[3, 1, 2]).start()["status"] == "completed"


@pytest.mark.parametrize("central", [None, 0])
def test_lists_that_differ_are_named(central: int | None) -> None:
    given = policies()
    given[1] = replace(given[1], peers=other_peers())
    found = Run("logistic", given=given).start(None if central is None else given[central])
    assert found["error"]["code"] == "PEERS"
    assert peers(3).fingerprint in found["error"]["message"]
    assert other_peers().fingerprint in found["error"]["message"]


def test_a_collaboration_with_one_more_than_the_list_refuses() -> None:
    given = policies(4)[:3]
    found = Run("logistic", given=given).start()
    assert found["error"]["code"] == "PEERS"


def test_two_hospitals_work_where_both_allow_it() -> None:
    given = policies(2)
    found = Run("logistic", frames(2), given).start(given[0])
    assert found["status"] == "completed"
    strict = [replace(one, secure_min_sites=3) for one in given]
    assert Run("logistic", frames(2), strict).start()["error"]["code"] == "BAD_SETTING"


@pytest.mark.parametrize("spoilt", ["absent", "of another", "of a refusal"])
def test_a_centre_that_has_the_list_names_a_site_that_did_not_sign(spoilt: str) -> None:
    def spoil(number: int, answers: dict[int, Any]) -> dict[int, Any]:
        found = dict(answers)
        if number == 3 and spoilt == "absent":
            found[2] = {k: v for k, v in found[2].items() if k != "signature"}
        elif number == 3 and spoilt == "of another":
            found[2] = found[2] | {"signature": found[1]["signature"]}
        elif number == 3:
            refusal = {"code": "COEFFICIENT_RANGE", "where": [], "status": "refused"}
            found[2] = {"schema": found[1]["schema"], **refusal}
        return found

    given = policies()
    found = Run("logistic", given=given, spoil=spoil).start(given[0])
    assert found["error"]["code"] == "PEERS"
    assert [one["organization_id"] for one in found["error"]["sites"]] == [2]


def test_tolerated_refusals_are_signed_and_followed() -> None:
    """R9 turns a fit back; the sites follow that as well."""
    given = [replace(one, widest_predictor=0.4) for one in policies()]
    checked, clear = Run("logistic", given=given), Run("logistic", given=unmasked(given))
    found, plain = checked.start(), clear.start()
    assert any(answer["status"] == "refused" for answers in clear.answers for _, answer in answers)
    assert as_bytes(without_mode(found)) == as_bytes(without_mode(plain))


def test_a_checked_run_is_not_taken_up_in_the_middle() -> None:
    run, kept = Run("logistic"), []
    centre.run(run.central, run.arguments, run, keep=kept.append)
    again = Run("logistic")
    found = centre.resume(again.central, Transcript(kept[0].config, kept[0].rounds), again)
    assert found["error"]["code"] in ("PEERS", "BAD_REQUEST")


def test_the_local_platform_makes_keys_where_a_policy_has_none() -> None:
    policy = replace(Policy.open(), secure="required")
    found = local.run("logistic", frames(), FITS["logistic"][1], policy=policy)
    plain = local.run("logistic", frames(), FITS["logistic"][1], policy=unmasked([policy])[0])
    assert as_bytes(without_mode(found)) == as_bytes(without_mode(plain))
    assert found["secure"]["questions"] == "replayed"


def test_a_transport_that_fails_ends_the_run_with_the_site_s_name() -> None:
    def silent(number: int, answers: dict[int, Any]) -> dict[int, Any]:
        if number == 2:
            records = [{"organization_id": 3, "code": "SITE_TIMEOUT"}]
            raise AnalysisError("SITE_TIMEOUT", "no answer", sites=records)
        return answers

    found = Run("logistic", spoil=silent).start()
    assert found["error"]["code"] == "SITE_TIMEOUT"
    assert found["error"]["sites"][0]["organization_id"] == 3


@pytest.mark.parametrize("fit", ["summary", "logistic", "glm", "cox"])
def test_reports_say_that_questions_were_checked(fit: str) -> None:
    words = f"by keys that the sites' operators exchanged (list {peers(3).fingerprint})"
    given = policies()
    found, plain = Run(fit, given=given).start(), Run(fit, given=in_clear(given)).start()
    result = result_of(found)
    assert "secure" not in result.tables
    for text in (str(result), html(found), methods(found)[0]):
        assert "".join(words.split()) in "".join(text.replace("&#39;", "'").split())
    for text in (str(result_of(plain)), html(plain), methods(plain)[0]):
        assert "exchanged" not in text
