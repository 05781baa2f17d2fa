"""An answer under masks, and the total of all: its layout in clear, its numbers as words.

What each site sends is uniform but for the layout. Where the layouts of the sites differ, nothing
can be added and nothing is lost: the layout is part of the salt, so no two sites used the same
masks. All are then asked once more, with the union of the layouts.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import numpy as np

from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.protocol.analysis import Ask
from v6_clinical.protocol.answers import Answer, parts
from v6_clinical.protocol.layout import Layout, additive, laid_out, settled, sizes, taken_up
from v6_clinical.protocol.plausible import is_plausible
from v6_clinical.protocol.registry import Leaves
from v6_clinical.protocol.sums import NOISE, Sums
from v6_clinical.secure.fixed import LIMB, from_limbs, to_limbs
from v6_clinical.secure.keys import Identity
from v6_clinical.secure.masks import TAG_DIGITS, Masked, check_tags, mask, tags, unmask
from v6_clinical.secure.peers import digest
from v6_clinical.secure.signing import joined

FIELDS: Final = {"layout", "words", "tags"}
OWN: Final = "site/"  # what names begin with that are added to no other site's


@dataclass(frozen=True)
class Covered:
    """A site's masked answer as the others read it.

    Attributes
    ----------
    tags
        For each other organisation, see ``secure.masks.tags``.
    """

    layout: Layout
    words: Masked
    tags: Mapping[int, str]


def cover(
    sums: Sums,
    identity: Identity,
    salt: bytes,
    counts: frozenset[str],
    asked: Layout | None = None,
) -> dict[str, Any]:
    """Return a site's sums under masks, as plain JSON.

    Parameters
    ----------
    salt
        Of all that the run stands on, and the question.
    counts
        First parts of names whose numbers count something.
    asked
        The layout that all sites are to answer in; by default the site's own.

    Raises
    ------
    RefusalError
        ``PER_SITE`` where a name is the site's own, ``TRANSCRIPT`` where the layout that is asked
        for has no place for all numbers, ``NON_FINITE``, ``INTERNAL``.
    """
    if any(name.startswith(OWN) for name in sums.counts()):
        raise RefusalError("PER_SITE")
    whole = additive(sums)
    own = Layout.of(whole)
    layout = own if asked is None else asked
    if not layout.holds(own):
        raise RefusalError("TRANSCRIPT", ["layout"])
    real, counted = laid_out(whole, layout, counts)
    salt = _salt(salt, layout)
    found = mask(
        identity,
        salt,
        to_limbs(real, len(identity.peers.ids)),
        counted.astype(LIMB)[:, None],
    )
    return {
        "layout": layout.to_json(),
        "words": base64.b64encode(found.to_bytes()).decode(),
        "tags": {str(other): tag for other, tag in tags(identity, salt).items()},
    }


def read_covered(message: Any, counts: frozenset[str]) -> Covered:
    """Read a site's masked answer, trusting nothing about its form.

    Raises
    ------
    AnalysisError
        ``BAD_ANSWER``.
    """
    try:
        if set(message) != FIELDS:
            raise ValueError("unexpected fields")
        layout = Layout.from_json(message["layout"])
        text = base64.b64decode(message["words"], validate=True)
        words = Masked.from_bytes(text, *sizes(layout, counts))
        told = {int(other): tag for other, tag in message["tags"].items()}
        if not all(isinstance(tag, str) and len(tag) == TAG_DIGITS for tag in told.values()):
            raise ValueError("tags")
    except (TypeError, ValueError, KeyError, AttributeError):
        raise AnalysisError("BAD_ANSWER", "A site's masked answer is malformed.") from None
    return Covered(layout, words, told)


def total_of(answers: Mapping[int, Covered], counts: frozenset[str]) -> Sums | Layout:
    """Return the sum of all sites' answers, or the layout in which all are to answer again.

    Parameters
    ----------
    answers
        Of all organisations of the list.

    Raises
    ------
    RefusalError
        ``MASKS_DO_NOT_CANCEL``, naming the pairs of organisations if they are known.
    AnalysisError
        ``BAD_ANSWER`` where layouts cannot be joined.
    """
    layouts = [one.layout for one in answers.values()]
    if (wider := _wider(layouts)) is not None:
        return wider
    check_tags({organization: one.tags for organization, one in answers.items()})
    real, counted = unmask({organization: one.words for organization, one in answers.items()})
    whole = counted[:, 0].astype(np.float64)
    return settled(taken_up(from_limbs(real), whole, layouts[0], counts))


def total_under_masks(answers: Mapping[int, Answer], ask: Ask, leaves: Leaves) -> Sums:
    """Return the sum of the masked answers of all sites, if it can be one.

    Raises
    ------
    AnalysisError
        ``BAD_ANSWER``, ``MASKS_DO_NOT_CANCEL``, naming sites where they are known.
    """
    covered = {site: _read(site, answer, leaves) for site, answer in answers.items()}
    try:
        total = total_of(covered, leaves.counts)
    except RefusalError as refusal:
        raise _not_cancelling(refusal, list(answers)) from None
    if isinstance(total, Layout):
        raise AnalysisError("BAD_ANSWER", "The sites' masked answers are not laid out alike.")
    told = {name: array for name, array in total.arrays.items() if name.split("/")[0] != NOISE}
    forms = {name: form for name, form in total.forms.items() if name.split("/")[0] != NOISE}
    plain = Sums(told, total.tallies, forms)
    whole = ask.needs | ask.promised(plain) <= parts(plain)
    if not whole or not is_plausible(plain, ask, -1, leaves):
        text = "Names or numbers that cannot be stand in the sum of the sites' masked answers."
        raise AnalysisError("BAD_ANSWER", text)
    return total


def _read(site: int, answer: Answer, leaves: Leaves) -> Covered:
    try:
        return read_covered(answer.masked, leaves.counts)
    except AnalysisError as error:
        message = f"The answer of organisation {site} is not masked, or cannot be read."
        records = [{"organization_id": site, "code": error.code}]
        raise AnalysisError(error.code, message, sites=records) from None


def _not_cancelling(refusal: RefusalError, sites: list[int]) -> AnalysisError:
    """Name the organisation that is in every pair, where there is one."""
    pairs = [set(map(int, pair.split("-"))) for pair in refusal.where]
    alone = set.intersection(*pairs) if pairs else set()
    concerned = sorted(alone or set().union(*pairs) or sites)
    text = "The masks of the sites do not cancel"
    if refusal.where:
        text += f" between organisations {', '.join(refusal.where)}"
    records = [{"organization_id": site, "code": refusal.code} for site in concerned]
    return AnalysisError(refusal.code, f"{text}: nothing was read.", sites=records)


def union_of(answers: Mapping[int, Answer]) -> Layout | None:
    """Return the layout in which all sites are to answer again; None where theirs are the same.

    Raises
    ------
    AnalysisError
        ``BAD_ANSWER`` where layouts cannot be joined.
    """
    layouts = [answer.layout for answer in answers.values() if answer.layout is not None]
    if len(layouts) < len(answers):
        return None  # a site refused, or sent what is refused later
    return _wider(layouts)


def _wider(layouts: Sequence[Layout]) -> Layout | None:
    """Return the layout that holds all of several; None where they are the same."""
    union = Layout.union(layouts)
    return None if all(one == union for one in layouts) else union


def _salt(salt: bytes, layout: Layout) -> bytes:
    return sha256(joined(salt, digest(layout.to_json()).encode())).digest()
