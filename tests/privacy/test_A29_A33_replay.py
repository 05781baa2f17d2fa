"""Sites that check what they are asked: a centre, a server or a site that lies.

The attacker has the whole of an honest run, all messages and answers, and changes what he likes. He
has no other site's key. Each attack succeeds where sites do not check (``V6C_SECURE=off``).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.checked import (
    FITS,
    STEERED,
    Run,
    frames,
    honest,
    in_clear,
    other_peers,
    policies,
)
from helpers.keys import pair
from v6_clinical.errors import CODES
from v6_clinical.secure.checked import Signed
from v6_clinical.secure.opening import FIELDS, LABEL
from v6_clinical.secure.peers import digest
from v6_clinical.secure.signing import sign

Message = dict[str, Any]
Change = Callable[[Message], None]
RUNS: dict[tuple[str, int], Run] = {}
EACH = pytest.mark.parametrize("fit", FITS)
EACH_STEERED = pytest.mark.parametrize("fit", STEERED)
COUNTS = pytest.mark.parametrize("count", [3, 5])


def ended(fit: str, count: int = 3) -> Run:
    """Return an honest run, made once."""
    if (fit, count) not in RUNS:
        RUNS[fit, count] = honest(fit, count)
    return RUNS[fit, count]


def last(run: Run, site: int = 1) -> Message:
    """Return the last message that a site got."""
    return copy.deepcopy(run.messages[-1][site])


def refusals(run: Run, change: Change) -> set[str]:
    """Return what all sites say to the last message once it is changed."""
    codes = set()
    for site in run.organizations():
        message = last(run, site)
        change(message)
        found = run.one(site, message)
        assert found["status"] in ("refused", "ok"), found["status"]
        assert "sums" not in found or found["status"] == "ok"
        codes.add(found.get("code", "answered"))
    return codes


def in_clear_answers(run: Run, change: Change) -> bool:
    """Tell whether a site that does not check answers the changed question."""
    message = last(run)
    change(message)
    plain = {name: message[name] for name in ("version", "step", "arguments")}
    policy = in_clear(run.policies)[0]
    return bool(run.one(1, plain | {"index": 0, "count": 3}, policy)["status"] == "ok")


@COUNTS
@EACH
def test_the_honest_message_is_answered(fit: str, count: int) -> None:
    """Again and again: the sites keep no state. The answer is the same, byte for byte."""
    run = ended(fit, count)
    assert refusals(run, lambda message: None) == {"answered"}
    again = run.one(1, last(run))
    assert json.dumps(again) == json.dumps(dict(run.answers[-1])[1])


def move(place: int, by: float) -> Change:
    def change(message: Message) -> None:
        message["arguments"]["slopes"][place] += by

    return change


@pytest.mark.parametrize("by", [1e-12, 1e-6, 0.01, 1.0])
@EACH_STEERED
def test_other_coefficients_are_refused_A33(fit: str, by: float) -> None:
    run = ended(fit)
    assert refusals(run, move(0, by)) == {"TRANSCRIPT"}
    assert in_clear_answers(run, move(0, by))


@EACH_STEERED
def test_earlier_coefficients_are_no_next_question_A33(fit: str) -> None:
    """Nor are those of any other round: what was asked before, or after."""
    run = ended(fit)
    rounds = [messages[1] for messages in run.messages[1:]]
    for earlier in rounds[:-1]:

        def change(message: Message, earlier: Message = earlier) -> None:
            message["step"], message["arguments"] = earlier["step"], earlier["arguments"]

        assert refusals(run, change) == {"TRANSCRIPT"}
        assert in_clear_answers(run, change)


def _without_last(message: Message) -> None:
    message["secure"]["last"] = None


def _first_again(message: Message) -> None:
    message["secure"]["last"], message["secure"]["rounds"] = None, []


def _twice(message: Message) -> None:
    message["secure"]["rounds"] += message["secure"]["rounds"][-1:]


@pytest.mark.parametrize("change", [_without_last, _first_again, _twice])
@EACH_STEERED
def test_rounds_left_out_or_told_twice_are_refused_A33(fit: str, change: Change) -> None:
    assert refusals(ended(fit), change) <= {"TRANSCRIPT", "PEERS"}


QUESTION: dict[str, Change] = {
    "a column less": lambda m: m["arguments"]["model"]["terms"].pop(),
    "another shift": lambda m: m["arguments"]["shift"].__setitem__(
        0, m["arguments"]["shift"][0] + 1e-6
    ),
    "a report": lambda m: m["arguments"].update(report={"meat": True}),
    "weights": lambda m: m["arguments"]["model"].update(weights="w"),
    "another outcome": lambda m: (m["arguments"].get("outcome") or {}).update(column="w"),
    "another step": lambda m: m.update(step="start"),
    "no step": lambda m: m.update(step="nothing"),
    "no arguments": lambda m: m.update(arguments={}),
}


TIMED = ("cox", "exact", "scaled")  # their outcome is a time
OTHERS = [(fit, w) for fit in STEERED for w in QUESTION if fit not in TIMED or "outcome" not in w]


@pytest.mark.parametrize(("fit", "what"), OTHERS)
def test_another_question_is_refused_A33(fit: str, what: str) -> None:
    assert refusals(ended(fit), QUESTION[what]) == {"TRANSCRIPT"}


def test_another_summary_is_refused_A33() -> None:
    run = ended("summary")
    changes: list[Change] = [
        lambda m: m["arguments"].update(names=["bmi"]),
        lambda m: m.update(step="describe"),
        lambda m: m["arguments"].update(group_by=None),
    ]
    for change in changes:
        assert refusals(run, change) == {"TRANSCRIPT"}


CONFIG: dict[str, Change] = {
    "argument": lambda config: config["arguments"].update(levels={"x": ["a", "b"]}),
    "method": lambda config: config.update(method="curves"),
    "minimum": lambda config: config.update(minimum_sites=1),
    "participants": lambda config: config["participants"].pop(),
    "one more": lambda config: config["participants"].append(9),
}


@pytest.mark.parametrize("what", CONFIG)
@EACH
def test_another_request_in_a_run_is_refused_A33(fit: str, what: str) -> None:
    """The openings are those of the first one: they are signed."""
    found = refusals(ended(fit), lambda message: CONFIG[what](message["secure"]["config"]))
    assert found <= {"PEERS", "TRANSCRIPT", "BAD_REQUEST"}


def _first_number(total: Message) -> None:
    array = next(iter(total["arrays"].values()))
    array["data"][0] += 1


@EACH_STEERED
def test_a_forged_total_is_refused_A31(fit: str) -> None:
    """Of any earlier round, by any amount; so is what is said of a site beside."""
    rounds = len(last(ended(fit))["secure"]["rounds"])
    for number in range(rounds):

        def forge(message: Message, number: int = number) -> None:
            _first_number(message["secure"]["rounds"][number]["total"])

        def line(message: Message, number: int = number) -> None:
            message["secure"]["rounds"][number]["lines"][1]["n"] = 7

        assert refusals(ended(fit), forge) <= {"PEERS", "TRANSCRIPT"}
        assert refusals(ended(fit), line) <= {"PEERS", "TRANSCRIPT"}


@EACH
def test_a_forged_answer_of_the_last_round_is_refused_A31(fit: str) -> None:
    def forge(message: Message) -> None:
        masked = message["secure"]["last"]["answers"]["2"]["masked"]
        masked["words"] = masked["words"][4:] + masked["words"][:4]

    def lay_out(message: Message) -> None:
        layout = message["secure"]["last"]["answers"]["2"]["masked"]["layout"]
        layout["arrays"] = dict(reversed(layout["arrays"].items())) | {"more": [0]}

    def refuse(message: Message) -> None:
        answers = message["secure"]["last"]["answers"]
        answers["2"] = {"status": "refused", "code": "COEFFICIENT_RANGE", "where": []}

    assert refusals(ended(fit), forge) == {"PEERS"}
    assert refusals(ended(fit), lay_out) == {"PEERS"}
    assert refusals(ended(fit), refuse) == {"PEERS"}


SIGNATURES: dict[str, Callable[[Message], Any]] = {
    "absent": lambda answers: answers["2"].pop("signature"),
    "empty": lambda answers: answers["2"].update(signature=""),
    "no text": lambda answers: answers["2"].update(signature=7),
    "of another site": lambda answers: answers["2"].update(signature=answers["1"]["signature"]),
    "another site's answer": lambda answers: answers.update({"2": answers["1"]}),
    "no answer": lambda answers: answers.pop("2"),
    "one more": lambda answers: answers.update({"9": answers["1"]}),
}


@pytest.mark.parametrize("what", SIGNATURES)
@COUNTS
def test_answers_bear_their_own_site_s_signature_A30(what: str, count: int) -> None:
    found = refusals(
        ended("logistic", count),
        lambda message: SIGNATURES[what](message["secure"]["last"]["answers"]),
    )
    assert found <= {"PEERS", "TRANSCRIPT"}


def resigned(message: Message, site: int, key: int, change: Change) -> None:
    """Change a site's last answer and sign it with some key."""
    secure, run = message["secure"], ended("logistic")
    from v6_clinical.protocol.transcript import Config

    plain = secure["config"]
    config = Config(**plain | {"participants": tuple(plain["participants"])})
    told = secure["last"]
    rounds = [digest(one) for one in secure["rounds"]]
    step, arguments = told["step"], told["arguments"]
    signed = Signed.of(config, secure["openings"], rounds, step, arguments)
    answer = told["answers"][str(site)]
    change(answer)
    del answer["signature"]
    told["answers"][str(site)] = signed.sign(pair(key), answer)
    assert run.policies[site - 1].peers is not None


def test_a_key_that_is_not_on_the_list_signs_nothing_A30() -> None:
    def change(message: Message) -> None:
        resigned(message, 2, 99, lambda answer: None)

    assert refusals(ended("logistic"), change) == {"PEERS"}


def test_an_answer_of_another_round_or_run_is_refused_A30() -> None:
    """Each signature covers request, openings, totals and question."""
    run, other = ended("logistic"), honest("logistic", 3, ridge=1.0)
    earlier = dict(run.answers[-3])[2]
    foreign = dict(other.answers[-2])[2]
    for answer in (earlier, foreign):

        def change(message: Message, answer: Any = answer) -> None:
            message["secure"]["last"]["answers"]["2"] = answer

        assert refusals(run, change) == {"PEERS"}


OPENINGS: dict[str, Callable[[Message], Any]] = {
    "one less": lambda openings: openings.pop("3"),
    "one more": lambda openings: openings.update({"4": openings["3"]}),
    "another's": lambda openings: openings.update({"3": openings["2"]}),
    "another nonce": lambda openings: openings["3"].update(nonce="0" * 64),
    "another list": lambda openings: openings["3"].update(peers=other_peers().digest),
    "another mode": lambda openings: openings["3"].update(mode="off"),
    "no opening": lambda openings: openings.update({"3": None}),
    "unsigned": lambda openings: openings["3"].pop("signature"),
}


@pytest.mark.parametrize("what", OPENINGS)
@EACH
def test_every_site_of_the_list_has_opened_the_run_A32(fit: str, what: str) -> None:
    found = refusals(ended(fit), lambda message: OPENINGS[what](message["secure"]["openings"]))
    assert found == {"PEERS"}


def test_an_opening_of_another_run_is_refused_A32() -> None:
    other = dict(honest("logistic", 3, ridge=1.0).answers[0])[3]

    def change(message: Message) -> None:
        message["secure"]["openings"]["3"] = other

    assert refusals(ended("logistic"), change) == {"PEERS"}


def test_a_subset_of_the_list_opens_no_run_A32() -> None:
    """By the centre's own account of who takes part, or by a request for some of them."""
    run = ended("logistic")
    for participants in ([1, 2], [1, 2, 3, 4], [1, 1, 2], [2]):
        message = copy.deepcopy(run.messages[0][1])
        message["secure"]["config"]["participants"] = participants
        assert run.one(1, message)["code"] == "PEERS"
    message = copy.deepcopy(run.messages[0][1])
    message["secure"]["config"]["arguments"]["organizations_to_include"] = [1, 2]
    assert run.one(1, message)["code"] == "BAD_REQUEST"
    plain = Run("logistic", given=in_clear(policies()), organizations_to_include=[1, 2]).start()
    assert plain["status"] == "completed"  # where sites do not check


def value(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(age=frame["age"].where(frame.index != 7, 50.5))


ROWS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "a value": value,
    "an unused column": lambda frame: frame.assign(w=frame["w"] + (frame.index == 7)),
    "a row less": lambda frame: frame.iloc[:-1],
    "a row more": lambda frame: pd.concat([frame, frame.iloc[:1]], ignore_index=True),
    "a missing value": lambda frame: frame.assign(bmi=frame["bmi"].where(frame.index != 7)),
    "a label": lambda frame: frame.assign(stage=frame["stage"].where(frame.index != 7, "I ")),
    "another kind": lambda frame: frame.assign(y=frame["y"].astype(float)),
    "another name": lambda frame: frame.rename(columns={"w": "weight"}),
}


@pytest.mark.parametrize("what", ROWS)
@pytest.mark.parametrize("fit", ["summary", "logistic", "cox"])
def test_rows_that_changed_are_refused_in_every_round_A29(fit: str, what: str) -> None:
    run = ended(fit)
    data, run.data = run.data, [ROWS[what](frame.copy()) for frame in run.data]
    try:
        for messages in run.messages[1:]:
            assert run.one(2, messages[2])["code"] == "DATA_CHANGED"
    finally:
        run.data = data


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing_A29(seed: int) -> None:
    run = ended("logistic")
    order = np.random.default_rng(seed).permutation(len(run.data[1]))
    data, run.data = run.data, [frame.iloc[order].reset_index(drop=True) for frame in run.data]
    try:
        assert run.one(2, last(run, 2))["status"] == "ok"
    finally:
        run.data = data


@pytest.mark.parametrize(
    "change",
    [
        {"min_rows": 9},
        {"allow_min_max": False},
        {"denied_columns": frozenset({"w"})},
        {"blur": 0.1},
    ],
)
def test_settings_that_changed_are_refused_A29(change: dict[str, Any]) -> None:
    run = ended("logistic")
    policy = replace(run.policies[1], **change)
    assert run.one(2, last(run, 2), policy)["code"] == "DATA_CHANGED"


def test_another_key_of_the_site_is_refused_A29() -> None:
    """A new epoch, or a list in which the site has another key."""
    run = ended("logistic")
    policy = replace(run.policies[0], peers=other_peers())
    assert run.one(1, last(run), policy)["code"] == "PEERS"


JUNK: list[Any] = [
    7,
    "",
    [],
    {},
    {"clear": 1},
    {"clear": True, "config": {}},
    {"config": None},
    {"config": {}, "openings": {}, "rounds": [], "last": None},
    {"config": {"method": 7}, "openings": 7, "rounds": 7, "last": 7},
    {"config": {"method": "logistic_regression", "arguments": {}, "participants": [1, 2, 3]}},
]


@pytest.mark.parametrize("step", ["opening", "start", "evaluate", None, 7])
@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
def test_what_is_no_message_is_refused_without_a_number_A19(junk: Any, step: Any) -> None:
    run = ended("logistic")
    found = run.one(1, last(run) | {"secure": junk, "step": step})
    assert found["status"] == "refused"
    assert found["code"] in CODES
    assert found["code"] != "INTERNAL"
    assert not any(character.isdigit() for name in found["where"] for character in name)


@pytest.mark.parametrize("seed", range(40))
def test_a_part_of_a_message_replaced_by_junk_is_refused_A19(seed: int) -> None:
    """Any part, at any depth; nothing raises, and no answer bears the junk."""
    rng, run = np.random.default_rng(seed), ended("logistic")
    message = last(run)
    place, inside = message["secure"], "secure"
    for _ in range(int(rng.integers(1, 5))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        inside = keys[int(rng.integers(len(keys)))]
        if not isinstance(place[inside], dict | list) or not place[inside]:
            break
        before, place = place, place[inside]
    else:
        place = before
    junk: Any = [None, -1, "junk", {"a": []}, [[]], 1e308][int(rng.integers(6))]
    place[inside] = "junk" if place[inside] == junk else junk
    found = run.one(1, message)
    assert found["status"] == "refused"
    assert found["code"] in ("PEERS", "TRANSCRIPT", "BAD_REQUEST", "VERSION", "DATA_CHANGED")
    assert "junk" not in json.dumps(found)


def test_A36_known_limit_false_answers_of_a_site_steer_the_others() -> None:
    """A site of the attacker's own leads all others to other coefficients by false rows.

    Sites keep no state, and believe each other's numbers. R9 and the blur stay.
    """
    asked = set()
    for number in range(4):
        data = frames()
        data[1] = data[1].assign(y=np.roll(data[1]["y"].to_numpy(), 7 * number))
        run = honest("logistic", data=data)
        assert run.messages[0] == ended("logistic").messages[0]
        asked.add(json.dumps(last(run)["arguments"]["slopes"]))
    assert len(asked) == 4


def test_an_opening_cannot_be_signed_for_another_A30() -> None:
    def change(message: Message) -> None:
        said = message["secure"]["openings"]["3"]
        said["nonce"] = "0" * 64
        unsigned = {name: part for name, part in said.items() if name != "signature"}
        said["signature"] = sign(pair(2), LABEL, digest(unsigned).encode())

    assert refusals(ended("logistic"), change) == {"PEERS"}


def test_openings_tell_nothing_of_the_rows_A28() -> None:
    """A nonce is that of no other key, and as long for any rows."""
    message, nonces = ended("logistic").messages[0][1], set()
    for given in (policies(), [replace(policies()[1], private_key=pair(2).seed)]):
        found = Run("logistic", frames(), given).one(1, message)
        assert set(found) == FIELDS
        nonces.add(found["nonce"])
    assert len(nonces) == 2
    assert {len(nonce) for nonce in nonces} == {64}
