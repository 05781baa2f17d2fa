"""A question and a site's table, read and checked: the complete cases and their follow-up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from v6_clinical.disclosure.row_key import Columns
from v6_clinical.errors import RefusalError
from v6_clinical.labels import stratum_key
from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.regression.site.cases import Cases
from v6_clinical.regression.site.rows import Rows
from v6_clinical.survival.follow_up import FollowUp
from v6_clinical.survival.rounding import at_known
from v6_cox.kernel.shared_baseline import EventTimes
from v6_cox.kernel.sorted_data import SortedData, prepare
from v6_cox.likelihood import CoxLikelihood
from v6_cox.questions import Evaluate, Opening


@dataclass(frozen=True)
class CoxCases(Cases):
    """The complete cases and their follow-up."""

    rows: Rows
    question: Opening
    outcome: FollowUp

    @property
    def column(self) -> str:
        """The events' column."""
        return self.question.survival.event

    @cached_property
    def events(self) -> Array:
        """1 for each row with an event, shape (n,)."""
        return self.outcome.event.astype(np.float64)

    @property
    def strata(self) -> Index | None:
        """Codes of the rows' strata, shape (n,)."""
        return self.outcome.strata

    @property
    def may_sample(self) -> bool:
        """Whether rows weigh alike, and are compared with all that remain at their time."""
        outcome = self.outcome
        return outcome.strata is None and outcome.missed is None and self.rows.weigh_alike

    @property
    def centred(self) -> bool:
        """Whether nothing depends on what is taken off a column: rows are compared."""
        return True

    @cached_property
    def beside(self) -> dict[str, Array]:
        """What a partial likelihood depends on beside the design and the events, (n,) each."""
        outcome = self.outcome
        found = super().beside | {"time": outcome.time}
        if outcome.missed is not None:
            found["missed"] = outcome.missed.astype(np.float64)
        if outcome.strata is not None:
            time = np.bincount(outcome.strata, outcome.time) / np.bincount(outcome.strata)
            found["strata"] = time[outcome.strata]
        return found

    def units(self, columns: Columns) -> list[float]:
        """Return numbers that change an answer by more than a unit does, of ties too."""
        efron = self.question.survival.ties == "efron"
        return [*super().units(columns), float(efron and self.outcome.ties)]

    def likelihood(
        self, design: Array, shift: Array | None = None, every: int = 1
    ) -> CoxLikelihood:
        """Return the partial likelihood; a shift falls out of it."""
        cases, times, strata = common_times(self)
        return CoxLikelihood(cases, cases.sorted(design, strata, every), times, every)

    def sorted(self, design: Array, strata: Index | None, every: int) -> SortedData:
        """Return each so many-th row, sorted; ``strata`` goes before the site's own codes."""
        codes = self.outcome.strata if strata is None else strata
        return prepare(
            self.outcome.time[::every],
            self.outcome.event[::every],
            design[::every],
            None if self.outcome.entry is None else self.outcome.entry[::every],
            None if codes is None else codes[::every],
            None if self.rows.weigh_alike else self.rows.weights[::every],
            self.rows.offset[::every] if self.rows.has_offset else None,
            self.question.survival.ties,
        )


def common_times(cases: CoxCases) -> tuple[CoxCases, EventTimes | None, Index | None]:
    """Return the federation's event times, and the rows' strata in the federation's codes.

    The site's own times are moved to those of the federation that only rounding tells from them.
    Strata without an event anywhere come after all others. None and None without event times.

    Raises
    ------
    RefusalError
        ``BAD_REQUEST`` where an event of the site's is not among them, ``BAD_TIME`` where rounding
        is all that parts a row's entry from its time.
    """
    question = cases.question
    if not isinstance(question, Evaluate) or question.times is None:
        return cases, None, None
    asked, outcome = question.times, cases.outcome
    place = {one.stratum: code for code, one in enumerate(asked)}
    if len(place) < len(asked):
        raise RefusalError("BAD_REQUEST", ["times"])
    own_keys = map(stratum_key, outcome.labels)
    table = [place.get(key, len(asked) + i) for i, key in enumerate(own_keys)]
    own = np.zeros(len(outcome.time), dtype=np.intp) if outcome.strata is None else outcome.strata
    codes = np.array(table, dtype=np.intp)[own]
    known = [np.array(one.times) for one in asked]
    outcome = _at_common(outcome, known, codes)
    if outcome.entry is not None and (outcome.entry >= outcome.time).any():
        raise RefusalError("BAD_TIME", [str(question.survival.entry)])
    for code in np.unique(codes[outcome.event]).tolist():
        mine = outcome.time[outcome.event & (codes == code)]
        if code >= len(known) or not np.isin(mine, known[code]).all():
            raise RefusalError("BAD_REQUEST", ["times"])
    strata = np.repeat(np.arange(len(known)), [len(times) for times in known])
    every = np.concatenate(known) if known else np.zeros(0)
    return replace(cases, outcome=outcome), EventTimes(strata.astype(np.intp), every), codes


def _at_common(outcome: FollowUp, known: list[Array], codes: Index) -> FollowUp:
    time, entry = outcome.time.copy(), None if outcome.entry is None else outcome.entry.copy()
    for code, times in enumerate(known):
        rows = codes == code
        time[rows] = at_known(time[rows], times[::-1])
        if entry is not None:
            entry[rows] = at_known(entry[rows], times[::-1])
    return replace(outcome, time=time, entry=entry)
