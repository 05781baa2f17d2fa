"""Sites' answers as the central side reads them, trusting nothing about their form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from v6_clinical.errors import CODES, AnalysisError
from v6_clinical.protocol.analysis import Ask
from v6_clinical.protocol.layout import Layout
from v6_clinical.protocol.plausible import MOST_ROWS, is_plausible
from v6_clinical.protocol.registry import Leaves
from v6_clinical.protocol.sums import Sums
from v6_clinical.protocol.transcript import Line
from v6_clinical.settings import SETTINGS
from v6_clinical.text import clean
from v6_clinical.version import SCHEMA

Message = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One site's answer: its sums and row counts, or its refusal.

    ``limits`` are the operator's settings that differ from the shipped ones, ``parameters`` how
    many the rows of a site carry that refuses with ``TOO_MANY_PARAMETERS``. ``redraws``: the site
    has no secret, and draws the noise of the same answer anew each time.
    """

    status: str
    n: int | None
    sums: Sums
    dropped: int | None = None
    code: str = ""
    where: tuple[str, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)
    parameters: int | None = None
    redraws: bool = False
    masked: Mapping[str, Any] | None = None
    layout: Layout | None = None


def read_answer(raw: Mapping[int, Any], organization: int) -> Answer:
    """Decode one site's answer, trusting nothing about its form."""
    message = raw.get(organization)
    try:
        if not isinstance(message, dict):
            raise AnalysisError("BAD_ANSWER", "no answer")
        if message.get("status") == "refused":
            return _read_refusal(message)
        if message.get("schema") != SCHEMA or message.get("status") not in ("ok", "no_rows"):
            raise AnalysisError("BAD_ANSWER", "not an answer of this schema")
        if "masked" in message:
            return _read_masked(message)
        sums = Sums.from_json(message.get("sums"))
        n, dropped = _count(message, "n"), _count(message, "dropped")
        redraws = message.get("redraws", False) is True
        return Answer(message["status"], n, sums, dropped, limits=_limits(message), redraws=redraws)
    except AnalysisError:
        raise AnalysisError(
            "BAD_ANSWER",
            f"The answer of organisation {organization} cannot be read.",
            sites=[{"organization_id": organization, "code": "BAD_ANSWER"}],
        ) from None


def _read_masked(message: Message) -> Answer:
    """Return an answer whose numbers are masked, row counts too."""
    masked = message["masked"]
    if message["status"] != "ok" or "sums" in message or not isinstance(masked, dict):
        raise AnalysisError("BAD_ANSWER", "not a masked answer")
    layout = Layout.from_json(masked.get("layout"))
    return Answer("ok", None, Sums(), limits=_limits(message), masked=masked, layout=layout)


def _count(message: Message, name: str) -> int | None:
    count = message.get(name)
    if count is not None and (type(count) is not int or not 0 <= count <= MOST_ROWS):
        raise AnalysisError("BAD_ANSWER", f"{name} is not a count")
    return count


def _limits(message: Message) -> dict[str, float]:
    limits = message.get("limits", {})
    if not isinstance(limits, dict) or not set(limits) <= SETTINGS.keys():
        raise AnalysisError("BAD_ANSWER", "limits are no settings")
    if not all(type(value) in (bool, int, float) for value in limits.values()):
        raise AnalysisError("BAD_ANSWER", "a limit is no number")
    return dict(sorted(limits.items()))


def _read_refusal(message: Message) -> Answer:
    code, where = message.get("code"), message.get("where", [])
    if code not in CODES or not isinstance(where, list):
        raise AnalysisError("BAD_ANSWER", "not a known refusal")
    parameters = _count(message, "parameters")
    if parameters is not None and code != "TOO_MANY_PARAMETERS":
        raise AnalysisError("BAD_ANSWER", "a refusal with a number")
    names = tuple(clean(str(name)[:200]) for name in where[:50])
    return Answer("refused", None, Sums(), None, code, names, parameters=parameters)


def total_of(answers: Mapping[int, Answer], ask: Ask, leaves: Leaves) -> Sums:
    """Return the sum of the answers of all sites, none of which refused.

    Raises
    ------
    AnalysisError
        ``BAD_ANSWER`` naming the sites whose answers cannot be added, ``MASKS_DO_NOT_CANCEL``.
    """
    if all(answer.masked is None for answer in answers.values()):
        check_answers(answers, ask, leaves)
        return Sums.total([answer.sums for answer in answers.values()])
    from v6_clinical.protocol.masked import total_under_masks

    return total_under_masks(answers, ask, leaves)


def check_answers(answers: Mapping[int, Answer], ask: Ask, leaves: Leaves) -> None:
    """Insist that every site with rows has answered what was asked, that and nothing else.

    Parameters
    ----------
    answers
        In the order of the sites' numbers.

    Raises
    ------
    AnalysisError
        ``BAD_ANSWER`` naming the sites whose answers cannot be added.
    """
    sums = {site: answer.sums for site, answer in answers.items()}
    places = enumerate(sums.items())
    wrong = [site for index, (site, found) in places if not is_plausible(found, ask, index, leaves)]
    _insist(wrong, "Names or numbers that cannot be stand")
    short = [
        site
        for site, answer in answers.items()
        if answer.status == "ok" and not ask.needs | ask.promised(answer.sums) <= parts(answer.sums)
    ]
    _insist(short, "Parts are missing")
    _insist(_of_other_shapes(sums), "Arrays have the wrong shape")


def _insist(wrong: Sequence[int], what: str) -> None:
    if wrong:
        message = f"{what} in the answer of organisation(s) {in_words(wrong)}."
        sites = [{"organization_id": site, "code": "BAD_ANSWER"} for site in wrong]
        raise AnalysisError("BAD_ANSWER", message, sites=sites)


def _of_other_shapes(sums: Mapping[int, Sums]) -> list[int]:
    """Return the sites that send an array in another shape than most; all of them without most."""
    found: set[int] = set()
    for name in {name for one in sums.values() for name in one.arrays}:
        shapes = {site: one.arrays[name].shape for site, one in sums.items() if name in one.arrays}
        (common, most), *others = Counter(shapes.values()).most_common(2)
        tied = others and others[0][1] == most
        found |= {site for site, shape in shapes.items() if shape != common or tied}
    return sorted(found)


def parts(sums: Sums) -> set[str]:
    """Return the names of sums, and what they begin with: a/b/c is a part of a/b and of a."""
    paths = [name.split("/") for name in sums.counts()]
    return {"/".join(path[: k + 1]) for path in paths for k in range(len(path))}


def line_of(organization: int, answer: Answer) -> Line:
    """Return what the transcript keeps of an answer: of its sums the sizes only."""
    sizes = dict((answer.sums if answer.layout is None else answer.layout).counts())
    return Line(
        organization,
        answer.status,
        answer.n,
        answer.dropped,
        answer.code,
        answer.where,
        answer.limits,
        sizes if answer.parameters is None else {"parameters": 1},
        answer.parameters,
        answer.redraws,
    )


def in_words(values: Collection[int]) -> str:
    """Return organisations as an error names them."""
    return ", ".join(str(value) for value in values)
