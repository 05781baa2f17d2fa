"""The central side of ``summary``: two rounds, a third where a quantile needs more points."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from v6_clinical.disclosure.cells import Window
from v6_clinical.errors import AnalysisError
from v6_clinical.labels import in_order
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.levels import check_spelling
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.analysis import Analysis, Ask, Reply
from v6_clinical.protocol.sums import Sums
from v6_summary.answers import DESCRIBED, check_same_data, promised, refined, tabulated
from v6_summary.moments import Spread, rough_spread
from v6_summary.pooled import Pooled
from v6_summary.questions import Describe, Factor, Finer, Numeric, Refine, Tabulate
from v6_summary.refining import (
    Known,
    Outline,
    Unsettled,
    finer,
    finest_level,
    joined,
    unsettled,
    window,
)
from v6_summary.request import SummaryRequest
from v6_summary.result import ALL, conclude

NAME = "summary"
REQUEST = SummaryRequest

COARSE = 0.05  # of a pooled sd: the cells of round 2
REFINEMENTS = 2  # round 4 only where round 3 had to widen the grid first


def analyse(request: SummaryRequest) -> Analysis:
    """Ask ``describe``, ``tabulate`` and, where a quantile is not settled, ``refine``."""
    opening = _describe(request)
    described = yield Ask("describe", opening.to_json(), needs=DESCRIBED)
    question, spreads, whole = _plan(request, opening, described.total)
    places = [opening.names.index(column.name) for column in question.numeric]
    points = _Points(request, question, spreads)
    outline = Outline(question, places, described.total, spreads, whole)
    question = replace(question, finer=tuple(joined(points.wanted(outline))))
    reply = yield Ask(
        "tabulate",
        question.to_json(),
        needs=tabulated(question),
        promised=partial(promised, question),
    )
    check_same_data(question, described.total["spread"][places], reply.total)
    pooled = Pooled(question, reply, whole)
    yield from _refine(points, pooled)
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
        factor = _factor(request, name, total.tallies.get(f"levels/{i}", {}), kinds[i])
        if name == request.group_by:
            group = _usable_group(factor)
        elif name in request.levels or (kinds[i, 0] == 0 and factor.levels):
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


def _factor(request: SummaryRequest, name: str, found: Mapping[str, float], kinds: Array) -> Factor:
    """Return a column and its levels: the codebook's, or what sites report in its order.

    ``kinds``, shape (4,), counts the sites that hold numbers, true/false, text, nothing.
    """
    try:
        levels = request.levels.get(name)
        if levels is None:
            check_spelling(name, found, {str(kind) for kind in np.flatnonzero(kinds[:3])})
            levels = in_order(found)
    except FormulaError as error:
        raise AnalysisError("BAD_REQUEST", f"Column {error}.", remedy=error.remedy) from None
    return Factor(name, levels, request.collapse.get(name, {}))


def _usable_group(factor: Factor) -> Factor:
    if not factor.levels:
        raise AnalysisError(
            "BAD_REQUEST",
            "Argument 'group_by': no site has a level of this column.",
            remedy="Group by a column that has values, or leave group_by out.",
        )
    if ALL in factor.levels:
        message = f"Argument 'group_by': a group of '{factor.name}' is called '{ALL}', the name of "
        message += "all rows in the tables."
        remedy = f"Rename it: collapse={{'{factor.name}': {{'whole': ['{ALL}']}}}}."
        raise AnalysisError("BAD_REQUEST", message, remedy=remedy)
    return factor


def _grid(request: SummaryRequest, spread: Spread, whole: bool) -> Window:
    """Return a window of cells of at most .05 sd over mean ± c sd.

    c = max(5, Cantelli's bound of the asked quantiles), so that the grid reaches every quantile.
    """
    extreme = min([0.25, *request.quantiles, *(1 - q for q in request.quantiles)])
    reach = max(5.0, float(np.sqrt((1 - extreme) / extreme)) + 0.5) * spread.sd
    level = finest_level(COARSE * spread.sd, spread.mean, whole=whole)
    return window(spread.mean - reach, spread.mean + reach, level)


@dataclass
class _Points:
    """The finer points asked for so far, round by round."""

    request: SummaryRequest
    question: Tabulate
    spreads: list[Spread]
    tried: set[Unsettled] = field(default_factory=set)

    def wanted(self, known: Known) -> list[Finer]:
        """Return finer points for what is not settled, and has not been tried before."""
        places = unsettled(self.request, self.question, self.spreads, known)
        new = [place for place in places if place not in self.tried]
        self.tried |= set(new)
        return [finer(self.question, self.spreads, known, place) for place in new]


def _refine(points: _Points, pooled: Pooled) -> Generator[Ask, Reply, None]:
    """Narrow the intervals of quantiles; a second time only where the first narrowed them."""
    question = points.question
    for _ in range(REFINEMENTS):
        windows = joined([w for w in points.wanted(pooled) if not pooled.knows(w)])
        if not windows:
            return
        asked = Refine(question.names, tuple(windows), question.group)
        reply = yield Ask("refine", asked.to_json(), needs=refined(asked.windows))
        pooled.add_finer(asked.windows, reply.total)
