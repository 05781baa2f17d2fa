"""The central side of ``summary``: two rounds, a third where a quantile needs finer points."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import numpy as np

from v6_clinical.analysis import Analysis, Ask, Reply
from v6_clinical.cells import Window
from v6_clinical.errors import AnalysisError
from v6_clinical.sums import Sums
from v6_summary.answers import DESCRIBED, check_same_data, refined, tabulated
from v6_summary.moments import Spread, rough_spread
from v6_summary.pooled import Pooled
from v6_summary.quantiles import neighbours
from v6_summary.questions import Describe, Factor, Finer, Numeric, Refine, Tabulate
from v6_summary.request import SummaryRequest
from v6_summary.result import conclude

NAME = "summary"
REQUEST = SummaryRequest

RESOLUTION = 1e-3  # of a pooled sd: no finer quantile is asked for
COARSE = 0.05  # of a pooled sd: the cells of round 2
FINER_POINTS = 512  # most points for one quantile in a refinement
REFINEMENTS = 2  # round 4 only where round 3 had to widen the grid first


def analyse(request: SummaryRequest) -> Analysis:
    """Ask ``describe``, ``tabulate`` and, where a quantile is not settled, ``refine``."""
    opening = _describe(request)
    described = yield Ask("describe", opening.to_json(), needs=DESCRIBED)
    question, spreads, whole = _plan(request, opening, described.total)
    reply = yield Ask("tabulate", question.to_json(), needs=tabulated(question))
    places = [opening.names.index(column.name) for column in question.numeric]
    check_same_data(question, described.total["spread"][places], reply.total)
    pooled = Pooled(question, reply, whole)
    yield from _refine(request, question, spreads, pooled)
    return conclude(request, question, pooled)


def _describe(request: SummaryRequest) -> Describe:
    names = [*request.columns, *([] if request.group_by is None else [request.group_by])]
    return Describe(tuple(names), request.group_by, request.levels, request.collapse)


def _plan(
    request: SummaryRequest, opening: Describe, total: Sums
) -> tuple[Tabulate, list[Spread], list[bool]]:
    """Decide what each column is, its levels, its shift and its grid."""
    kinds = total.get("kinds", (len(opening.names), 4))
    spread = total.get("spread", (len(opening.names), 5))
    numeric, categorical, spreads, whole = [], [], [], []
    group = None
    for i, name in enumerate(opening.names):
        levels = _levels(request, name, total.tallies.get(f"levels/{i}", {}))
        factor = Factor(name, levels, request.collapse.get(name, {}))
        if name == request.group_by:
            group = _usable_group(factor)
        elif name in request.levels or (kinds[i, 0] == 0 and levels):
            categorical.append(factor)
        else:
            # Numbers at one site and text at another: the site with text will say NOT_NUMERIC.
            n, sums, within, squares, whole_sites = spread[i]
            found = rough_spread(n, sums, within, squares) if n else Spread(0.0, 0.0)
            is_whole = n > 0 and whole_sites == (kinds[i, 0] + kinds[i, 1])
            numeric.append(Numeric(name, found.mean, _grid(request, found, is_whole)))
            spreads.append(found)
            whole.append(bool(is_whole))
    question = Tabulate(
        tuple(numeric),
        tuple(categorical),
        group,
        request.correlation and len(numeric) > 1,
        request.per_site,
    )
    return question, spreads, whole


def _levels(request: SummaryRequest, name: str, found: Mapping[str, float]) -> list[str]:
    return request.levels.get(name) or sorted(found)


def _usable_group(factor: Factor) -> Factor:
    if not factor.levels:
        raise AnalysisError(
            "BAD_REQUEST",
            "Argument 'group_by': no site has a level of this column.",
            remedy="Group by a column that has values, or leave group_by out.",
        )
    return factor


def _grid(request: SummaryRequest, spread: Spread, whole: bool) -> Window:
    """Return a window of cells of at most .05 sd over mean ± c sd.

    c = max(5, Cantelli's bound of the asked quantiles), so that the grid reaches every quantile.
    """
    extreme = min([0.25, *request.quantiles, *(1 - q for q in request.quantiles)])
    reach = max(5.0, float(np.sqrt((1 - extreme) / extreme)) + 0.5) * spread.sd
    level = _level(COARSE * spread.sd, spread.mean, whole)
    return _window(spread.mean - reach, spread.mean + reach, level)


def _level(width: float, near: float, whole: bool) -> int:
    """Return the level of cells of at most this width that float64 can tell apart near a value."""
    finest = int(np.frexp(near)[1]) - 48 if near else -300
    level = int(np.floor(np.log2(width))) if width > 0 else finest
    return int(np.clip(max(level, finest, 0 if whole else -300), -300, 300))


def _window(low: float, high: float, level: int) -> Window:
    first = int(np.floor(np.ldexp(low, -level)))
    return Window(level, first, int(np.ceil(np.ldexp(high, -level))))


@dataclass(frozen=True)
class _Unsettled:
    """An order statistic beside a quantile, in an interval wider than the resolution."""

    column: int
    group: int | None
    low: float
    high: float


def _refine(
    request: SummaryRequest, question: Tabulate, spreads: list[Spread], pooled: Pooled
) -> Generator[Ask, Reply, None]:
    """Narrow the intervals of quantiles; a second time only where the first narrowed them."""
    tried: set[_Unsettled] = set()
    for _ in range(REFINEMENTS):
        wanted = []
        for place in _unsettled(request, question, spreads, pooled):
            finer = _finer(question, spreads, pooled, place)
            known = pooled.knows(place.column, place.group, finer.window)
            if not known and place not in tried:
                wanted.append((place, finer))
        if not wanted:
            return
        tried |= {place for place, _ in wanted}
        windows = tuple(finer for _, finer in wanted)
        asked = Refine(question.names, windows, question.group)
        reply = yield Ask("refine", asked.to_json(), needs=refined(asked))
        for k, (place, finer) in enumerate(wanted):
            bounds = reply.total.get(f"finer/{k}", (2, len(finer.window.points())))
            pooled.add(place.column, place.group, finer.window, bounds)


def _unsettled(
    request: SummaryRequest, question: Tabulate, spreads: list[Spread], pooled: Pooled
) -> list[_Unsettled]:
    found = []
    groups: list[int | None] = [None]
    groups += [] if question.group is None else list(range(len(question.group.levels)))
    asked = sorted({0.25, 0.5, 0.75, *request.quantiles})
    for i in range(len(question.numeric)):
        for g in groups:
            about = pooled.moments(i, g)
            if about.n == 0:
                continue
            for q in asked:
                for place in neighbours(q, pooled.curve(i, g), about, whole=pooled.whole[i]):
                    if place.high - place.low > RESOLUTION * spreads[i].sd:
                        found.append(_Unsettled(i, g, place.low, place.high))
    return list(dict.fromkeys(found))


def _finer(question: Tabulate, spreads: list[Spread], pooled: Pooled, place: _Unsettled) -> Finer:
    column = question.numeric[place.column]
    spread = spreads[place.column]
    width = max(RESOLUTION * spread.sd / 2, (place.high - place.low) / (FINER_POINTS / 2))
    level = _level(width, spread.mean, pooled.whole[place.column])
    pad = float(np.ldexp(1.0, level))
    return Finer(column.name, place.group, _window(place.low - pad, place.high + pad, level))
