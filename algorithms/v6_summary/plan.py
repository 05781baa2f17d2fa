"""From round 1 to round 2: what each column is, its levels, its shift and its grid."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from v6_clinical.disclosure.cells import Window
from v6_clinical.errors import CODES, AnalysisError
from v6_clinical.labels import in_order
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.levels import check_spelling
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.question import asking
from v6_clinical.protocol.sums import Sums
from v6_summary.moments import FirstSums, Rough, rough
from v6_summary.pooled import ALL
from v6_summary.questions import MOST_TOGETHER, Describe, Factor, Numeric, Points, Tabulate
from v6_summary.refining import finest_level, window
from v6_summary.request import SummaryRequest

COARSE = 0.05  # of a pooled sd: the cells of round 2


@dataclass(frozen=True)
class Withheld:
    """A column that some sites withhold: too few rows make something of it.

    ``codes`` is why, and at how many sites; ``levels`` those that the other sites tell.
    """

    name: str
    numeric: bool
    levels: tuple[str, ...]
    codes: Mapping[str, float]


@dataclass(frozen=True)
class Plan:
    """What round 2 asks, and what is known before it.

    Parameters
    ----------
    question
        That of round 2, as yet without finer points.
    places
        Per numeric column of the question its place in round 1.
    first, about
        Per numeric column what the sites told, and what follows from it.
    withheld
        The columns that round 2 leaves out.
    """

    question: Tabulate
    places: tuple[int, ...]
    first: tuple[FirstSums, ...]
    about: tuple[Rough, ...]
    withheld: tuple[Withheld, ...]


def plan(request: SummaryRequest, opening: Describe, total: Sums) -> Plan:
    """Decide what each column is, its levels, its shift and its grid.

    Raises
    ------
    AnalysisError
        Where no column is left, or ``group_by`` has no level.
    """
    columns = [_Column(request, i, name, total) for i, name in enumerate(opening.names)]
    of_interest = [column for column in columns if column.name != request.group_by]
    told = [column for column in of_interest if not column.codes]
    withheld = tuple(column.withheld() for column in of_interest if column.codes)
    if not told:
        raise _nothing_left(withheld)
    numeric = [column for column in told if column.is_numeric]
    group = next((column for column in columns if column.name == request.group_by), None)
    groups = 0 if group is None else len(group.levels)
    with asking():
        question = Tabulate(
            numeric=_together([column.numeric() for column in numeric], groups),
            categorical=tuple(column.factor() for column in told if not column.is_numeric),
            group=None if group is None else _usable(group).factor(),
            correlation=request.correlation and len(numeric) > 1,
            per_site=request.per_site,
            opening=opening,
        )
    return Plan(
        question,
        tuple(column.place for column in numeric),
        tuple(column.first for column in numeric),
        tuple(column.about for column in numeric),
        withheld,
    )


class _Column:
    """What round 1 tells of a column of the request."""

    def __init__(self, request: SummaryRequest, place: int, name: str, total: Sums) -> None:
        self._request, self.place, self.name = request, place, name
        kinds = total["kinds"][place]
        self.first = FirstSums(*total["moments"][place].tolist())
        numbers, flags = kinds[0], kinds[1]
        self.about = rough(self.first, numbers + flags)
        told = total.tallies.get(f"levels/{place}", {})
        self.levels = tuple(request.levels.get(name, ())) or _agreed(name, told, kinds)
        self.codes = total.tallies.get(f"withheld/{place}", {})
        # Numbers at one site and text at another: the site with text will say NOT_NUMERIC.
        text = kinds[2] > 0 or flags > 0 or bool(self.levels)
        self.is_numeric = name not in request.levels and (numbers > 0 or not text)

    def withheld(self) -> Withheld:
        return Withheld(self.name, self.is_numeric, self.levels, self.codes)

    def factor(self) -> Factor:
        merged = self._request.collapse.get(self.name, {})
        collapse = {new: tuple(old) for new, old in merged.items()}
        return Factor(name=self.name, levels=self.levels, collapse=collapse)

    def numeric(self) -> Numeric:
        points = _grid(self._request, self.about)
        return Numeric(name=self.name, shift=self.about.mean, window=Points.of(points))


def _together(columns: Sequence[Numeric], groups: int) -> tuple[Numeric, ...]:
    """Return the columns on windows so coarse that a site answers all of them at once.

    Half of what it answers is left for finer points.
    """
    found = tuple(columns)
    while sum(c.window.count for c in found) * (1 + groups) > MOST_TOGETHER // 2:
        coarser = tuple(c.model_copy(update={"window": c.window.coarser()}) for c in found)
        if coarser == found:
            break
        found = coarser
    return found


def _agreed(name: str, told: Collection[str], kinds: Array) -> tuple[str, ...]:
    """Return what sites report as levels, in its order.

    ``kinds``, shape (3,), counts the sites that hold numbers, true/false, text.
    """
    try:
        check_spelling(name, told, list(compress(("numbers", "true/false", "text"), kinds)))
    except FormulaError as error:
        raise AnalysisError("BAD_REQUEST", f"Column {error}.", remedy=error.remedy) from None
    return tuple(in_order(told))


def _usable(group: _Column) -> _Column:
    if not group.levels:
        raise AnalysisError(
            "BAD_REQUEST",
            "Argument 'group_by': no site has a level of this column.",
            remedy="Group by a column that has values, or leave group_by out.",
        )
    if ALL in group.levels:
        message = (
            f"Argument 'group_by': a group of '{group.name}' is called '{ALL}', as all rows are."
        )
        remedy = f"Rename it: collapse={{'{group.name}': {{'whole': ['{ALL}']}}}}."
        raise AnalysisError("BAD_REQUEST", message, remedy=remedy)
    return group


def _nothing_left(withheld: tuple[Withheld, ...]) -> AnalysisError:
    codes = sorted({code for column in withheld for code in column.codes})
    names = ", ".join(f"'{column.name}'" for column in withheld)
    return AnalysisError(
        codes[0],
        f"Every column is withheld at some site: {names} ({', '.join(codes)}).",
        remedy=" ".join(f"{code}: {CODES[code]}" for code in codes if code in CODES),
    )


def _grid(request: SummaryRequest, about: Rough) -> Window:
    """Return a window of cells of at most .05 sd over mean ± c sd.

    c = max(5, Cantelli's bound of the asked quantiles), so that the grid reaches every quantile.
    """
    extreme = min([0.25, *request.quantiles, *(1 - q for q in request.quantiles)])
    reach = max(5.0, float(np.sqrt((1 - extreme) / extreme)) + 0.5) * about.sd
    level = finest_level(COARSE * about.sd, about.mean, whole=about.whole)
    return window(about.mean - reach, about.mean + reach, level)
