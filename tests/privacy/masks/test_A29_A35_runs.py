"""Attacks on masked runs: by the centre, the server, and who may create tasks.

Each is shown to succeed where its guard is lifted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from helpers import masked
from helpers.face_examples import CASES, Case
from helpers.keys import pair, peers
from helpers.policies import EXACT, exact
from v6_clinical.platforms import local
from v6_clinical.protocol.masked import read_covered
from v6_clinical.protocol.registry import load_site
from v6_clinical.protocol.site import answer
from v6_clinical.secure import opening
from v6_clinical.secure import site as secure_site
from v6_clinical.secure.fixed import added, from_limbs, negated

EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)


def run(case: Case, **more: Any) -> tuple[dict[str, Any], masked.MaskedSites]:
    frames = more.pop("frames", None) or case.frames()
    policy = more.pop("policy", EXACT)
    return masked.run(case.analysis, frames, dict(case.arguments), policy, **more)


def ended(found: dict[str, Any], code: str, *sites: int) -> None:
    assert found["error"] is not None
    assert found["error"]["code"] == code, found["error"]
    assert sorted(one["organization_id"] for one in found["error"]["sites"]) == sorted(sites)


def other_rows(frame: pd.DataFrame) -> pd.DataFrame:
    changed = frame.copy()
    changed.loc[changed.index[3], "age"] += 1.0
    return changed


# What may change at a site between two rounds, so that its answer does.
CHANGES: dict[str, Callable[[Any], Any]] = {
    "a value": lambda held: (other_rows(held[0]), held[1]),
    "a row": lambda held: (held[0].iloc[1:], held[1]),
    "a name": lambda held: (held[0].rename(columns={"age": "Age"}), held[1]),
    "a type": lambda held: (held[0].astype({"age": float}), held[1]),
    "a setting": lambda held: (held[0], replace(held[1], min_cell=6)),
    "the noise": lambda held: (held[0], replace(held[1], blur_rows=0.1)),
    "the secret": lambda held: (held[0], replace(held[1], secret=bytes(range(9, 41)))),
}


@EACH
@pytest.mark.parametrize("change", CHANGES)
def test_A29_a_round_over_what_has_changed(case: Case, change: str) -> None:
    """Two answers under one mask would tell their difference: the site refuses the second."""

    def spoil(number: int, found: dict[int, Any], held: masked.Held) -> dict[int, Any]:
        if number == 1:
            held[1] = CHANGES[change](held[1])
        return found

    found, _ = run(case, spoil=spoil)
    ended(found, "DATA_CHANGED", 2)


@contextmanager
def without_nonces() -> Iterator[None]:
    """Masks that do not depend on the rows."""
    with (
        mock.patch.object(opening, "nonce_of", return_value="0"),
        mock.patch.object(secure_site, "nonce_of", return_value="0"),
    ):
        yield


def first_words(case: Case, frames: list[pd.DataFrame]) -> np.ndarray:
    """Return the first site's first masked answer, shape (k, 4)."""
    _, sites = run(case, frames=frames)
    return read_covered(sites.sent[0][1], sites.counts).words.real


@EACH
def test_A29_the_same_request_over_changed_data(case: Case) -> None:
    """The analyst asks twice, before and after one patient changed: two other masks."""
    before, after = case.frames(), case.frames()
    after[0] = other_rows(after[0])
    with without_nonces():
        told = added([first_words(case, after), negated(first_words(case, before))])
        assert np.isin(1.0, from_limbs(told))  # unguarded: a year more
        assert (np.abs(from_limbs(told)) < 1e9).all()
    told = added([first_words(case, after), negated(first_words(case, before))])
    assert (np.abs(from_limbs(told)) > 1e9).all()


@EACH
def test_A30_another_key_for_a_partner(case: Case) -> None:
    """A list with the centre's own key for a partner: its fingerprint is not that of the others."""
    limits = masked.with_keys(3, EXACT)
    false = replace(peers(3), keys={**peers(3).keys, 2: pair(9).public})
    limits[0] = replace(limits[0], peers=false)
    found, sites = run(case, policy=limits)
    ended(found, "PEERS", 1, 2, 3)
    assert not sites.sent


@EACH
def test_A30_another_key_for_a_partner_under_masks(case: Case) -> None:
    """Where nobody compares lists, the masks of the pair do not cancel, and nothing is read."""
    limits = masked.with_keys(3, EXACT)
    identities = [one.identity for one in limits]
    false = replace(peers(3), keys={**peers(3).keys, 2: pair(9).public})
    cover = masked.cover

    def substituted(sums: Any, identity: Any, *how: Any) -> dict[str, Any]:
        mine = replace(identity, peers=false) if identity == identities[0] else identity
        return cover(sums, mine, *how)

    with mock.patch.object(masked, "cover", substituted):
        found, _ = run(case, policy=limits)
    ended(found, "MASKS_DO_NOT_CANCEL", 1, 2)
    assert "1-2" in found["error"]["message"]


@pytest.mark.parametrize("dropped", [1, 2, 3])
def test_A30_a_site_that_is_dropped(dropped: int) -> None:
    """The others do not answer without it: what they would send is masked for it, too."""
    case = CASES[-1]

    def spoil(number: int, found: dict[int, Any], held: masked.Held) -> dict[int, Any]:
        return {k: one for k, one in found.items() if k != dropped} if number == 1 else found

    found, sites = run(case, spoil=spoil)
    ended(found, "BAD_ANSWER", dropped)
    words = [read_covered(one, sites.counts).words.real for one in sites.sent[0].values()]
    assert len(words) == 2
    assert (np.abs(from_limbs(added(words))) > 1e9).all()


@EACH
def test_A34_nothing_is_answered_in_clear(case: Case) -> None:
    """Whatever is asked, and whoever asks: what the others tell in clear comes off the total."""
    frame, message = case.frames()[0], case.first_message()
    plain = {name: message[name] for name in ("version", "step", "arguments")}
    asked = [
        message,
        message | {"secure": {"clear": True}},
        plain | {"secure": {"clear": True}},
        plain | {"secure": {}},
        plain | {"secure": {"config": {}}},
        plain | {"secure": None},
        message | {"secure": "off"},
    ]
    site = load_site(case.package)
    required, on, off = (masked.with_keys(3, EXACT, mode)[0] for mode in ("required", "on", "off"))
    for one in asked:
        found = answer(site, one, lambda: required, lambda _: frame)
        assert "sums" not in found
        assert found["status"] in ("opening", "refused")
        assert "nonce" not in found  # nor is anything told of the rows
    for policy, one in ((on, asked[1]), (off, message)):
        told = answer(site, one, lambda policy=policy: policy, lambda _: frame)  # type: ignore[misc]
        assert told["status"] == "ok"  # unguarded
        assert told["sums"]["arrays"]


@EACH
def test_A35_a_site_without_rows_does_not_vanish(case: Case) -> None:
    """The total would be that of the others alone."""
    frames = case.frames()
    frames[1] = frames[1].assign(age=np.nan)
    found, _ = run(case, frames=frames)
    ended(found, "NO_ROWS", 2)
    clear = local.run(case.analysis, frames, dict(case.arguments), policy=EXACT)
    assert clear["status"] == "completed"  # unguarded


@EACH
def test_A35_pool_with_and_without_a_site(case: Case) -> None:
    """The analyst asks for all, and for all but one: the second is refused with its remedy."""
    for more, name in (
        ({"organizations_to_include": [1, 2]}, "organizations_to_include"),
        ({"on_refusal": "exclude"}, "on_refusal"),
    ):
        asked = replace(case, arguments={**case.arguments, **more})
        found, sites = run(asked)
        assert found["error"]["code"] == "BAD_REQUEST"
        assert name in found["error"]["message"]
        assert name in found["error"]["remedy"]
        assert not sites.sent
        clear = local.run(case.analysis, case.frames(), dict(asked.arguments), policy=EXACT)
        assert clear["status"] == "completed"  # unguarded


@pytest.mark.parametrize("refusing", [1, 2, 3])
def test_A35_a_refusal_voids_the_round(refusing: int) -> None:
    """Nothing is decoded where a site refuses, and it is named."""
    for case in CASES:
        limits = masked.with_keys(3, EXACT)
        limits[refusing - 1] = masked.with_keys(3, exact(min_rows=10_000))[refusing - 1]
        found, sites = run(case, policy=limits)
        ended(found, "MIN_ROWS", refusing)
        words = [read_covered(one, sites.counts).words.real for one in sites.sent[0].values()]
        assert len(words) == 2
        assert (np.abs(from_limbs(added(words))) > 1e9).all()


def test_A35_known_limit_false_numbers() -> None:
    """A site says that it has ten times its events: the pool says so too, and nobody sees who."""
    case = CASES[-1]
    cover = masked.cover

    def lying(sums: Any, identity: Any, *how: Any) -> dict[str, Any]:
        if identity.organization == 2:
            arrays = {name: array.copy() for name, array in sums.arrays.items()}
            arrays["rows"][0] += 1000.0
            sums = replace(sums, arrays=arrays)
        return cover(sums, identity, *how)

    true, _ = run(case)
    with mock.patch.object(masked, "cover", lying):
        false, _ = run(case)
    assert false["status"] == "completed"
    assert false["fit"][0]["n"] == true["fit"][0]["n"] + 1000


def test_A35_known_limit_level_of_one_site() -> None:
    """Labels are told in clear: of a level that one hospital has the pool's count is its own."""
    frames = CASES[0].frames()
    for k, frame in enumerate(frames):
        frame["type"] = np.resize(["a", "b"] if k else ["a", "b", "c"], len(frame))
    found, sites = masked.run("summary", frames, {"columns": ["type"]}, EXACT)
    having = [k for k, one in sites.sent[0].items() if "c" in one["layout"]["tallies"]["levels/0"]]
    (row,) = [row for row in found["categorical"] if row["level"] == "c"]
    assert having == [1]
    assert row["count"] == (frames[0]["type"] == "c").sum()
