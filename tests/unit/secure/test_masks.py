"""Masks: uniform, cancelling, bound to keys, partners and salt; tags that name a pair."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from helpers.keys import identities, pair, peers
from v6_clinical.errors import RefusalError
from v6_clinical.secure.fixed import from_limbs, to_limbs
from v6_clinical.secure.keys import Identity
from v6_clinical.secure.masks import Masked, check_tags, mask, size_of, tags, unmask

SALT = b"salt of one question"
SPLITS = pytest.mark.parametrize("count", [2, 3, 5, 9])


def numbers(count: int, seed: int = 1) -> tuple[list[np.ndarray], list[np.ndarray]]:
    drawn = np.random.default_rng(seed)
    real = [drawn.normal(size=7) * 10.0 ** drawn.integers(-5, 30, 7) for _ in range(count)]
    whole = [drawn.integers(0, 10**6, (4, 1)).astype(np.uint64) for _ in range(count)]
    return real, whole


def all_masked(
    sites: list[Identity], real: list[np.ndarray], whole: list[np.ndarray], salt: bytes = SALT
) -> dict[int, Masked]:
    return {
        site.organization: mask(site, salt, to_limbs(one, len(sites)), other)
        for site, one, other in zip(sites, real, whole, strict=True)
    }


@SPLITS
def test_masks_cancel(count: int) -> None:
    from v6_clinical.numerics.exact import exact_total

    real, whole = numbers(count)
    parts = all_masked(identities(count), real, whole)
    sums, counts = unmask(dict(reversed(parts.items())))
    assert (from_limbs(sums) == exact_total(real)).all()
    assert (counts == sum(whole)).all()


@given(st.integers(2, 4), st.integers(0, 5), st.integers(0, 5), st.binary(max_size=40))
def test_masks_cancel_whatever_is_sent(count: int, real: int, whole: int, salt: bytes) -> None:
    zeros = [np.zeros(real)] * count, [np.zeros((whole, 1), dtype=np.uint64)] * count
    sums, counts = unmask(all_masked(identities(count), *zeros, salt))
    assert sums.shape == (real, 4)
    assert counts.shape == (whole, 1)
    assert not sums.any()
    assert not counts.any()


@SPLITS
def test_no_smaller_set_of_sites_cancels(count: int) -> None:
    parts = all_masked(identities(count), *numbers(count))
    for left_out in range(1, count + 1):
        rest = {one: part for one, part in parts.items() if one != left_out}
        with pytest.raises(RefusalError) as caught:
            unmask(rest)
        assert caught.value.code == "MASKS_DO_NOT_CANCEL"


def other_key(sites: list[Identity]) -> list[Identity]:
    return [replace(sites[0], key=pair(9)), *sites[1:]]


def substituted_peer(sites: list[Identity]) -> list[Identity]:
    """Site 1 was given another key for site 2: the centre's own, say."""
    false = replace(peers(3), keys={**peers(3).keys, 2: pair(9).public})
    return [replace(sites[0], peers=false), *sites[1:]]


def one_partner_less(sites: list[Identity]) -> list[Identity]:
    return [replace(sites[0], peers=peers(2)), *sites[1:]]


def one_partner_more(sites: list[Identity]) -> list[Identity]:
    return [*sites[:2], replace(sites[2], peers=peers(4))]


def exchanged(sites: list[Identity]) -> list[Identity]:
    """Two sites take each other's numbers: which of them adds is the other way round."""
    numbers_of = {1: 2, 2: 1, 3: 3}
    turned = replace(peers(3), keys={numbers_of[k]: key for k, key in peers(3).keys.items()})
    return [sites[0], replace(sites[1], peers=turned, organization=1), sites[2]]


BROKEN = [other_key, substituted_peer, one_partner_less, one_partner_more, exchanged]


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_not_the_same_at_all_sites_does_not_cancel(broken: object) -> None:
    assert callable(broken)
    real, whole = numbers(3)
    sites = broken(identities(3))
    masked = [
        mask(site, SALT, to_limbs(one, 3), other)
        for site, one, other in zip(sites, real, whole, strict=True)
    ]
    with pytest.raises(RefusalError) as caught:
        unmask(dict(enumerate(masked)))
    assert caught.value.code == "MASKS_DO_NOT_CANCEL"
    assert unmask(all_masked(identities(3), real, whole))  # unbroken


def test_another_salt_does_not_cancel() -> None:
    real, whole = numbers(3)
    parts = all_masked(identities(3), real, whole)
    parts[3] = all_masked(identities(3), real, whole, SALT + b"x")[3]
    with pytest.raises(RefusalError):
        unmask(parts)


SIZE = 2**15  # numbers of 32 bytes: 2^20 bytes


def chi_square(text: bytes) -> float:
    counts = np.bincount(np.frombuffer(text, dtype=np.uint8), minlength=256)
    expected = len(text) / 256
    return float(((counts - expected) ** 2 / expected).sum())


@pytest.mark.parametrize("count", [2, 3])
def test_masked_numbers_are_uniform(count: int) -> None:
    """Of 10^6 bytes, of numbers that are all the same and small; a fair draw fails in 10^-7."""
    least, most = chi2.ppf([5e-8, 1 - 5e-8], 255)
    real, whole = np.full(SIZE, 63.0), np.full((SIZE, 1), 63, dtype=np.uint64)
    for site in identities(count):
        found = mask(site, SALT, to_limbs(real), whole)
        assert least < chi_square(found.real.tobytes()) < most
        assert least < chi_square(found.whole.tobytes()) < most
        assert len(set(found.real[:, 0].tolist())) == SIZE
    assert not least < chi_square(to_limbs(real).tobytes()) < most  # without the masks


def test_two_answers_share_no_mask() -> None:
    """Of two questions, of two partners, of two sites: their differences are uniform too."""
    least, most = chi2.ppf([5e-8, 1 - 5e-8], 255)
    real, whole = np.zeros((SIZE, 4), dtype=np.uint64), np.zeros((0, 1), dtype=np.uint64)
    one, two, _ = identities(3)
    words = [mask(site, salt, real, whole).real for site in (one, two) for salt in (b"1", b"2")]
    for k, first in enumerate(words):
        for second in words[:k]:
            assert least < chi_square((first - second).tobytes()) < most
            assert least < chi_square((first + second).tobytes()) < most


def test_the_same_question_gets_the_same_words() -> None:
    """A call that is repeated tells nothing more."""
    real, whole = numbers(3)
    again = [all_masked(identities(3), real, whole)[1].to_bytes() for _ in range(2)]
    assert again[0] == again[1]


def test_words_there_and_back() -> None:
    found = all_masked(identities(3), *numbers(3))[2]
    text = found.to_bytes()
    assert len(text) == size_of(7, 4)
    back = Masked.from_bytes(text, 7, 4)
    assert back.to_bytes() == text
    assert all((getattr(back, f) == getattr(found, f)).all() for f in ("canary", "real", "whole"))
    for real, whole in ((6, 4), (7, 5), (7, 3)):
        with pytest.raises(ValueError, match="words"):
            Masked.from_bytes(text, real, whole)


def told(sites: list[Identity], common: list[bytes]) -> dict[int, dict[int, str]]:
    found = zip(range(1, 4), sites, common, strict=True)
    return {number: tags(site, SALT, b"run", part) for number, site, part in found}


def test_tags_agree_where_all_is_the_same() -> None:
    found = told(identities(3), [b"layout"] * 3)
    check_tags(found)
    assert len({tag for mine in found.values() for tag in mine.values()}) == 3
    assert found != {
        k: tags(one, b"other", b"run", b"layout") for k, one in enumerate(identities(3), 1)
    }


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_a_site_with_another_layout_is_in_every_pair_that_differs(wrong: int) -> None:
    common = [b"layout"] * 3
    common[wrong] = b"another"
    with pytest.raises(RefusalError) as caught:
        check_tags(told(identities(3), common))
    pairs = [set(map(int, text.split("-"))) for text in caught.value.where]
    assert len(pairs) == 2
    assert set.intersection(*pairs) == {wrong + 1}


@pytest.mark.parametrize(("broken", "where"), [(other_key, 2), (substituted_peer, 1)])
def test_a_wrong_key_names_the_pairs(broken: object, where: int) -> None:
    assert callable(broken)
    with pytest.raises(RefusalError) as caught:
        check_tags(told(broken(identities(3)), [b"layout"] * 3))
    assert caught.value.code == "MASKS_DO_NOT_CANCEL"
    assert list(caught.value.where) == ["1-2", "1-3"][:where]


def test_a_tag_that_is_missing_does_not_agree() -> None:
    found = told(identities(3), [b"layout"] * 3)
    del found[1][3], found[3][1]
    with pytest.raises(RefusalError) as caught:
        check_tags(found)
    assert caught.value.where == ("1-3",)
