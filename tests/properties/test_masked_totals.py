"""Under masks the centre has the sums that it has in clear, to the last bit, in every analysis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import every_option, masked
from helpers.face_examples import CASES, Case
from helpers.keys import identities
from helpers.policies import EXACT, SHIPPED
from v6_clinical.analyst.report import html
from v6_clinical.disclosure import Policy
from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.platforms import local
from v6_clinical.protocol.form import Form
from v6_clinical.protocol.layout import Layout
from v6_clinical.protocol.masked import cover, read_covered, total_of
from v6_clinical.protocol.sums import Sums

OPEN = Policy.open()
EACH = pytest.mark.parametrize("fit", range(len(every_option.FITS)))


def tables(found: dict[str, Any]) -> dict[str, Any]:
    """Return a result without what is told of single sites."""
    assert found["status"] == "completed", found["error"]
    apart = ("sites", "ledger", "summation", "secure")
    return {name: part for name, part in found.items() if name not in apart}


def own(arguments: dict[str, Any]) -> bool:
    return bool(arguments.get("per_site") or arguments.get("site_effect"))


@EACH
def test_results_are_those_in_clear(fit: int) -> None:
    analysis, arguments = every_option.FITS[fit]
    frames = every_option.frames()
    found, sites = masked.run(analysis, frames, arguments, OPEN)
    if own(arguments):
        assert found["error"]["code"] == "PER_SITE"
        return
    clear = local.run(analysis, frames, arguments, policy=OPEN.under_masks())
    assert tables(found) == tables(clear)
    assert (found["summation"], clear["summation"]) == ("masked", "clear")
    assert {name for site in found["sites"] for name in site} <= {
        "organization_id",
        "status",
        "n",
        "limits",
    }
    assert {site["n"] for site in found["sites"]} == {None}
    assert set(sites.unions) <= {"describe", "start"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
@pytest.mark.parametrize("count", [2, 3, 5])
def test_results_of_any_number_of_sites(case: Case, count: int) -> None:
    rows = pd.concat(case.frames(), ignore_index=True)
    frames = [rows.iloc[k::count] for k in range(count)]
    found, sites = masked.run(case.analysis, frames, dict(case.arguments), EXACT)
    clear = local.run(case.analysis, frames, dict(case.arguments), policy=EXACT.under_masks())
    assert tables(found) == tables(clear)
    assert sites.largest < 150_000


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
def test_a_level_that_a_site_lacks_takes_one_more_message(case: Case) -> None:
    """All sites answer in the union of what they hold; the sum is that in clear."""
    frames = case.frames()
    kept = frames[1]["horTh"] == "no"
    frames[1] = frames[1][kept] if case.analysis == "summary" else frames[1]
    if case.analysis != "summary":
        for frame in frames:
            frame["more"] = np.resize(["a", "b", "c"], len(frame))
        frames[1]["more"] = np.resize(["a", "b"], len(frames[1]))
    more: dict[str, Any] = dict(case.arguments)
    if "predictors" in more:
        more["predictors"] = [*more["predictors"], "more"]
    found, sites = masked.run(case.analysis, frames, more, OPEN)
    clear = local.run(case.analysis, frames, more, policy=OPEN.under_masks())
    assert tables(found) == tables(clear)
    assert sites.unions == ["describe" if case.analysis == "summary" else "start"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
def test_noise_stays_on_under_masks(case: Case) -> None:
    """The same sums as in clear; of what is told of the noise the root of the sum of squares."""
    found, sites = masked.run(case.analysis, case.frames(), dict(case.arguments), SHIPPED)
    assert found["status"] == "completed", found["error"]
    assert found["precision"] > 0
    told = [one.noise for round_ in sites.clear for one in round_.values()]
    assert any(told)


def test_what_is_told_of_noise_is_no_less_than_in_clear() -> None:
    case = CASES[-1]
    _, sites = masked.run(case.analysis, case.frames(), dict(case.arguments), SHIPPED)
    for round_ in sites.clear:
        sent = {
            k: read_covered(cover(one, identities(3)[k - 1], b"s", sites.counts), sites.counts)
            for k, one in round_.items()
        }
        total, clear = total_of(sent, sites.counts), Sums.total(list(round_.values()))
        assert isinstance(total, Sums)
        for name, array in clear.arrays.items():
            if name.startswith("noise/"):
                assert (total[name] >= array).all()
                assert (total[name] <= np.sqrt(3) * array * (1 + 1e-12)).all()
            else:
                assert (total[name] == array).all()


SITE = Sums(
    {"rows": np.array([63.0])},
    {"level/x": {"no": 1.0}},
    {"information": Form(("a",), np.array([[2.5]]))},
)
COUNTS = frozenset({"rows", "level"})


def answers(*sums: Sums, asked: Layout | None = None, salt: bytes = b"salt") -> dict[int, Any]:
    return {
        k: cover(one, identities(3)[k - 1], salt, COUNTS, asked) for k, one in enumerate(sums, 1)
    }


def read(found: dict[int, Any]) -> Sums | Layout:
    return total_of({k: read_covered(one, COUNTS) for k, one in found.items()}, COUNTS)


def test_another_layout_has_other_masks() -> None:
    """What was sent in one's own layout and in that of all do not share a mask."""
    first, again = answers(SITE, SITE, SITE), answers(SITE, SITE, SITE, asked=wider())
    assert first[1]["words"][:40] != again[1]["words"][:40]
    assert not set(first[1]["tags"].values()) & set(again[1]["tags"].values())
    assert isinstance(read(again), Sums)
    assert isinstance(read({1: first[1], 2: again[2], 3: again[3]}), Layout)


def wider() -> Layout:
    return Layout.union([Layout.of(SITE), Layout(tallies={"level/x": ("maybe",)})])


@pytest.mark.parametrize(
    "layout",
    [
        Layout(),
        Layout(arrays={"rows": (1,)}),
        Layout(arrays={"rows": (2,)}, tallies={"level/x": ("no",)}, forms={"information": ("a",)}),
        Layout(arrays={"rows": (1,)}, tallies={"level/x": ("yes",)}, forms={"information": ("a",)}),
    ],
    ids=range(4),
)
def test_a_layout_without_room_for_all_is_refused(layout: Layout) -> None:
    with pytest.raises(RefusalError) as caught:
        answers(SITE, asked=layout)
    assert caught.value.code == "TRANSCRIPT"


def test_what_is_a_sites_own_is_not_masked() -> None:
    """In a sum over sites it would stand alone."""
    with pytest.raises(RefusalError) as caught:
        answers(Sums({"site/0/rows": np.array([63.0])}))
    assert caught.value.code == "PER_SITE"


@pytest.mark.parametrize("value", [np.inf, np.nan, 1e60])
def test_what_cannot_be_held_does_not_leave(value: float) -> None:
    with pytest.raises(RefusalError) as caught:
        answers(Sums({"likelihood": np.array([value])}))
    assert caught.value.code == "NON_FINITE"


def test_a_site_with_another_layout_and_a_lie_about_it_is_named() -> None:
    found = answers(SITE, SITE, SITE, asked=wider())
    found[2] = answers(SITE, SITE, SITE)[2] | {"layout": wider().to_json()}
    with pytest.raises(AnalysisError):
        read(found)  # not so many words
    found[2] = answers(SITE, SITE, SITE, asked=wider(), salt=b"another")[2]
    with pytest.raises(RefusalError) as caught:
        read(found)
    assert caught.value.code == "MASKS_DO_NOT_CANCEL"
    assert caught.value.where == ("1-2", "2-3")


def spoilt(**changes: Any) -> Any:
    return answers(SITE, SITE, SITE)[1] | changes


BAD = [
    None,
    [],
    "x",
    {},
    spoilt(more=1),
    spoilt(words=7),
    spoilt(words="é"),
    spoilt(words=""),
    spoilt(words=answers(SITE)[1]["words"][:-8]),
    spoilt(tags=[]),
    spoilt(tags={"x": "0" * 32}),
    spoilt(tags={"2": 5}),
    spoilt(tags={"2": "0"}),
    spoilt(layout=None),
    spoilt(layout=Layout().to_json()),
]


@pytest.mark.parametrize("message", BAD, ids=range(len(BAD)))
def test_what_is_no_masked_answer_is_refused(message: Any) -> None:
    with pytest.raises(AnalysisError) as caught:
        read_covered(message, COUNTS)
    assert caught.value.code == "BAD_ANSWER"


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"columns": ["age", "gone"]}, ["gone"]),
        ({"columns": ["age", "empty"]}, ["empty"]),
        ({"columns": ["one", "other", "age"], "correlation": True}, ["one", "other"]),
    ],
)
def test_a_column_that_a_site_has_no_value_of_does_not_make_it_vanish(
    more: dict[str, Any], where: list[str]
) -> None:
    """The sum would be that of the others alone."""
    frames = CASES[0].frames()
    for k, frame in enumerate(frames):
        here = np.arange(len(frame)) % 2 == 0
        frame["gone"] = frame["age"] if k else None
        frame["empty"] = frame["tgrade"] if k else None
        frame["one"] = np.where(here | (k > 0), frame["age"], np.nan)
        frame["other"] = np.where(~here | (k > 0), frame["tsize"], np.nan)
    found, _ = masked.run("summary", frames, more, EXACT)
    assert found["error"]["code"] == "NO_ROWS"
    (site,) = found["error"]["sites"]
    assert (site["organization_id"], site["where"]) == (1, where)
    clear = local.run("summary", frames, more, policy=EXACT)
    assert clear["status"] == "completed", clear["error"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
def test_the_report_says_so(case: Case) -> None:
    found, _ = masked.run(case.analysis, case.frames(), dict(case.arguments), EXACT)
    clear = local.run(case.analysis, case.frames(), dict(case.arguments), policy=EXACT)
    words = "under masks that cancel in the sum of all sites"
    assert words in html(found)
    assert words not in html(clear)
