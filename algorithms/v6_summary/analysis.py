"""The central side of ``summary``: two rounds, a third where a quantile needs more points."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from v6_clinical.protocol.analysis import Analysis, Ask, Reply
from v6_clinical.protocol.question import asking
from v6_summary.answers import DESCRIBED, check_same_data, promised, refined, tabulated
from v6_summary.plan import plan
from v6_summary.pooled import Pooled
from v6_summary.questions import NOTHING, Describe, Finer, Refine, Size, Tabulate
from v6_summary.refining import (
    Known,
    Outline,
    Unsettled,
    at_once,
    covered,
    finer,
    joined,
    unsettled,
)
from v6_summary.request import SummaryRequest
from v6_summary.result import conclude

REQUEST = SummaryRequest

REFINEMENTS = 2  # round 4 only where round 3 had to widen the grid first


def analyse(request: SummaryRequest) -> Analysis:
    """Ask ``describe``, ``tabulate`` and, where a quantile is not settled, ``refine``."""
    opening = _describe(request)
    described = yield Ask("describe", opening.to_json(), needs=DESCRIBED)
    planned = plan(request, opening, described.total)
    points = _Points(request, planned.question)
    outline = Outline(planned.question, planned.places, described.total, planned.about)
    finer_points = tuple(points.wanted(outline, planned.question.grids))
    question = planned.question.model_copy(update={"finer": finer_points})
    reply = yield Ask(
        "tabulate",
        question.to_json(),
        needs=tabulated(question),
        promised=partial(promised, question),
    )
    check_same_data(question, planned.first, reply.total)
    pooled = Pooled(question, reply, outline)
    yield from _refine(points, pooled)
    return conclude(request, planned, pooled)


def standing(request: SummaryRequest) -> list[Any]:
    """Return what is the same in the questions of a request, a part for each kind of question."""
    opening = _describe(request).standing()
    return [opening, opening | {"per_site": request.per_site}]


def _describe(request: SummaryRequest) -> Describe:
    group = () if request.group_by is None else (request.group_by,)
    with asking():
        return Describe(
            names=(*request.columns, *group),
            group_by=request.group_by,
            levels={name: tuple(found) for name, found in request.levels.items()},
            collapse={
                name: {new: tuple(old) for new, old in merged.items()}
                for name, merged in request.collapse.items()
            },
            correlation=request.correlation,
        )


@dataclass
class _Points:
    """The finer points asked for so far, round by round."""

    request: SummaryRequest
    question: Tabulate
    asked: set[Unsettled] = field(default_factory=set)

    def wanted(self, known: Known, beside: Size) -> list[Finer]:
        """Return finer points for what is not settled, and has not been asked before.

        As many as may stand ``beside`` what else the question asks.
        """
        group = self.question.group
        places = unsettled(self.request, self.question, known)
        new = {p: finer(self.question, known, p) for p in places if p not in self.asked}
        settled = {place for place, one in new.items() if known.knows(one)}
        unknown = [one for place, one in new.items() if place not in settled]
        found = at_once(joined(unknown), 0 if group is None else len(group.levels), beside)
        among = covered(found)
        self.asked |= settled | {place for place, one in new.items() if among(one)}
        return found


def _refine(points: _Points, pooled: Pooled) -> Generator[Ask, Reply, None]:
    """Narrow the intervals of quantiles; a second time only where the first narrowed them."""
    question = points.question
    for _ in range(REFINEMENTS):
        windows = points.wanted(pooled, NOTHING)
        if not windows:
            return
        asked = Refine(
            names=question.names,
            windows=tuple(windows),
            group=question.group,
            opening=question.opening,
        )
        reply = yield Ask("refine", asked.to_json(), needs=refined(asked.windows))
        pooled.add_finer(asked.windows, reply.total)
