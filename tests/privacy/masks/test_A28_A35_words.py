"""Attacks on what a site sends under masks: by who reads all messages, but has no site's key.

Each is shown to succeed where its guard is lifted.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from helpers import every_option, masked
from helpers.face_examples import CASES, Case
from helpers.keys import identities
from helpers.policies import EXACT
from v6_clinical.disclosure import Policy
from v6_clinical.protocol.masked import cover, read_covered, total_of
from v6_clinical.protocol.sums import Sums
from v6_clinical.secure.fixed import LIMB, added, from_limbs, negated, to_limbs

EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
NONE: frozenset[str] = frozenset()


def chi_square(text: bytes) -> float:
    counts = np.bincount(np.frombuffer(text, dtype=np.uint8), minlength=256)
    expected = len(text) / 256
    return float(((counts - expected) ** 2 / expected).sum())


def test_A28_words_are_uniform() -> None:
    """10^6 bytes of real answers; of fair ones it fails in 10^-7."""
    least, most = chi2.ppf([5e-8, 1 - 5e-8], 255)
    words, clear = b"", b""
    runs: list[Any] = [(case.analysis, case.arguments, case.frames(), EXACT) for case in CASES]
    (large,) = [fit for _, fit in every_option.FITS if "profiles" in fit and "baseline" in fit]
    runs.append(("cox", large, every_option.frames(), Policy.open()))
    for analysis, arguments, frames, policy in runs:
        found, sites = masked.run(analysis, frames, dict(arguments), policy)
        assert found["status"] == "completed"
        words += b"".join(sites.words())
        for round_ in sites.clear:
            arrays = [a.reshape(-1) for one in round_.values() for a in one.arrays.values()]
            clear += to_limbs(np.concatenate(arrays)).tobytes()
    assert len(words) >= 10**6
    assert least < chi_square(words) < most
    assert not least < chi_square(clear) < most  # unguarded


@EACH
def test_A28_no_number_of_an_answer_is_in_a_message(case: Case) -> None:
    """Those with a point, or of nine digits: a shorter one is in many a text by chance."""
    _, sites = masked.run(case.analysis, case.frames(), dict(case.arguments), EXACT)
    for clear, sent in zip(sites.clear, sites.sent, strict=True):
        for site, one in clear.items():
            numbers = texts(one)
            assert not [text for text in numbers if text in json.dumps(sent[site])]
            assert all(text in json.dumps(one.to_json()) for text in numbers)  # unguarded
    assert sum(len(texts(one)) for clear in sites.clear for one in clear.values()) > 20


def texts(sums: Sums) -> set[str]:
    """Return the numbers of sums as a message in clear has them."""
    found = sums.to_json()
    numbers = [x for array in found["arrays"].values() for x in array["data"]]
    numbers += [x for tally in found["tallies"].values() for x in tally.values()]
    numbers += [x for form in found["forms"].values() for x in form["half"]]
    return {text for text in map(json.dumps, numbers) if "." in text or len(text) >= 9}


def changed(frames: list[pd.DataFrame], column: str) -> list[pd.DataFrame]:
    """One patient of the first site is a year older."""
    first = frames[0].copy()
    first.loc[3, column] += 1.0
    return [first, *frames[1:]]


def answers(case: Case, frames: list[pd.DataFrame], salts: tuple[bytes, ...]) -> list[np.ndarray]:
    """Return the masked words of the first site's first answer under each salt, shape (k, 4)."""
    _, sites = masked.run(case.analysis, frames, dict(case.arguments), EXACT)
    mine = sites.clear[0][1]
    sent = [read_covered(cover(mine, identities(3)[0], salt, NONE), NONE) for salt in salts]
    return [one.words.real for one in sent]


@EACH
def test_A29_the_same_masks_over_changed_data_would_tell_the_difference(case: Case) -> None:
    """The salt is of the data too: their nonces are in it, and a site refuses ``DATA_CHANGED``."""
    frames = case.frames()
    other = changed(frames, case.numeric_column)
    (before,) = answers(case, frames, (b"salt",))
    same, salted = answers(case, other, (b"salt", b"salt of other data"))
    told = from_limbs(added([same, negated(before)]))
    exact = np.abs(told) < 1e9
    assert exact.all()  # unguarded: the difference of the sums, to the last digit
    assert ((told == 1.0) | (told == 0.0)).sum() > len(told) / 4
    assert (np.abs(from_limbs(added([salted, negated(before)]))) > 1e9).all()


def site(value: float) -> Sums:
    return Sums({"x": np.array([value, 2 * value])})


def sent(count: int, values: list[float], salt: bytes = b"s") -> dict[int, Any]:
    pairs = zip(identities(count), values, strict=True)
    return {k: cover(site(x), one, salt, NONE) for k, (one, x) in enumerate(pairs, 1)}


def read(found: dict[int, Any]) -> Sums:
    total = total_of({k: read_covered(one, NONE) for k, one in found.items()}, NONE)
    assert isinstance(total, Sums)
    return total


@pytest.mark.parametrize("colluding", [0, 1, 2])
def test_A35_colluding_sites_learn_the_sums_of_none_but_the_last(colluding: int) -> None:
    """Whoever holds the keys of fewer than four of five sites takes no mask off another's words."""
    values = [63.0, 40.0, 25.0, 17.0, 9.0]
    found = {k: read_covered(one, NONE) for k, one in sent(5, values).items()}
    zeros = Sums({"x": np.zeros(2)})
    streams = [
        read_covered(cover(zeros, identities(5)[k], b"s", NONE), NONE).words.real
        for k in range(5 - colluding, 5)
    ]
    # each colluding site's own masks, of which the one with the first site is part
    left = from_limbs(added([found[1].words.real, *streams]))
    assert (np.abs(left) > 1e9).all()


def test_A35_known_limit_all_others_together() -> None:
    values = [63.0, 40.0, 25.0]
    found = {k: read_covered(one, NONE) for k, one in sent(3, values).items()}
    zeros = Sums({"x": np.zeros(2)})
    others = [
        read_covered(cover(zeros, identities(3)[k], b"s", NONE), NONE).words.real for k in (1, 2)
    ]
    assert from_limbs(added([found[1].words.real, *others])).tolist() == [63.0, 126.0]


def test_A28_a_guess_of_the_numbers_cannot_be_checked() -> None:
    """Any other numbers go with the same words: for each there are masks that make them."""
    words = read_covered(sent(3, [63.0, 40.0, 25.0])[1], NONE).words.real
    for guess in (site(63.0), site(12.0)):
        needed = added([words, negated(to_limbs(guess["x"]))])
        assert needed.dtype == LIMB
        assert (added([to_limbs(guess["x"]), needed]) == words).all()
