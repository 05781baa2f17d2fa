"""A question and a site's table, read and checked: sorted rows, ready for the likelihood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.errors import RefusalError
from v6_clinical.labels import stratum_key
from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.regression.site.rows import Rows, complete_cases
from v6_clinical.survival.follow_up import FollowUp, read_follow_up
from v6_clinical.survival.rounding import at_known
from v6_cox.kernel.partial_likelihood import Point
from v6_cox.kernel.shared_baseline import EventTimes
from v6_cox.kernel.sorted_data import SortedData, prepare
from v6_cox.questions import Evaluate, Opening

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy


@dataclass(frozen=True)
class Site:
    """The complete cases and their outcome."""

    rows: Rows
    outcome: FollowUp

    def sorted(
        self, design: Array, question: Opening, strata: Index | None = None, every: int = 1
    ) -> SortedData:
        """Return the rows sorted; ``strata`` goes before the site's own codes.

        ``every`` takes each so many-th row, a sample.
        """
        codes = self.outcome.strata if strata is None else strata
        model = question.model
        return prepare(
            self.outcome.time[::every],
            self.outcome.event[::every],
            design[::every],
            None if self.outcome.entry is None else self.outcome.entry[::every],
            None if codes is None else codes[::every],
            None if model.weights is None else self.rows.weights[::every],
            None if model.offset is None else self.rows.offset[::every],
            question.survival.ties,
        )


def read_site(frame: pd.DataFrame, question: Opening, policy: Policy) -> Site:
    """Read the complete cases and their follow-up; event times leave only if the site agrees.

    Raises
    ------
    RefusalError
        R14, and whatever ``complete_cases`` and ``read_follow_up`` refuse.
    """
    if question.exact:
        policy.check_event_times()
    survival = question.survival
    rows = complete_cases(frame, question.model, survival.columns(), policy)
    return Site(rows, read_follow_up(rows.others, survival, policy))


def check_coefficients(point: Point, policy: Policy, *, meat: bool = False) -> None:
    """R9: effective sizes of the weighted risk scores and of the martingale residuals; range.

    Raises
    ------
    RefusalError
        ``COEFFICIENT_RANGE``.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        policy.check_coefficients(point.risk.predictor, point.risk.scores)
    if len(point.data.sets.death_rows):
        policy.check_residuals(point.residuals, squared=meat)


def may_tell(point: Point, policy: Policy) -> bool:
    """Tell whether R9 lets the site's own estimates leave."""
    try:
        check_coefficients(point, policy)
    except RefusalError:
        return False
    return True


def common_times(site: Site, question: Evaluate) -> tuple[Site, EventTimes | None, Index | None]:
    """Return the federation's event times, and the rows' strata in the federation's codes.

    The site's own times are moved to those of the federation that only rounding tells from them.
    Strata without an event anywhere come after all others. None and None without event times.

    Raises
    ------
    RefusalError
        ``BAD_REQUEST`` where an event of the site's is not among them, ``BAD_TIME`` where rounding
        is all that parts a row's entry from its time.
    """
    if question.times is None:
        return site, None, None
    asked, outcome = question.times, site.outcome
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
    return replace(site, outcome=outcome), EventTimes(strata.astype(np.intp), every), codes


def _at_common(outcome: FollowUp, known: list[Array], codes: Index) -> FollowUp:
    time, entry = outcome.time.copy(), None if outcome.entry is None else outcome.entry.copy()
    for code, times in enumerate(known):
        rows = codes == code
        time[rows] = at_known(time[rows], times[::-1])
        if entry is not None:
            entry[rows] = at_known(entry[rows], times[::-1])
    return replace(outcome, time=time, entry=entry)
