"""A common baseline hazard at the centre: the federation's event times and the sums at each."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from v6_clinical.errors import AnalysisError
from v6_clinical.labels import read_stratum, strata_in_order, stratum_key
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.levels import check_spelling
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.request import bad_model
from v6_clinical.survival.rounding import tied
from v6_cox import questions
from v6_cox.kernel.shared_baseline import EventTimes, RiskSums
from v6_cox.request import CoxRequest

PREFIX = "times/"


@dataclass(frozen=True)
class CommonTimes:
    """The strata that have events, and their event times, the latest first."""

    labels: tuple[tuple[str, ...], ...]
    times: tuple[Array, ...]

    def __len__(self) -> int:
        return sum(len(times) for times in self.times)

    def asked(self) -> tuple[questions.StratumTimes, ...]:
        """Return them as a question holds them."""
        pairs = zip(self.labels, self.times, strict=True)
        return tuple(
            questions.StratumTimes(stratum=stratum_key(stratum), times=tuple(times.tolist()))
            for stratum, times in pairs
        )

    def flat(self) -> EventTimes:
        """Return strata codes and times of all, shape (K,) each."""
        sizes = [len(times) for times in self.times]
        codes = np.repeat(np.arange(len(sizes)), sizes).astype(np.intp)
        return EventTimes(codes, np.concatenate(self.times))


def read_times(total: Sums) -> CommonTimes:
    """Return the distinct event times of all sites, those within rounding of each other as one.

    Raises
    ------
    AnalysisError
        ``BAD_EVENT`` if there is none, ``BAD_REQUEST`` if there are too many for a question.
    """
    found = {
        read_stratum(name.removeprefix(PREFIX)): np.array([float(text) for text in tally])
        for name, tally in total.tallies.items()
        if name.startswith(PREFIX)
    }
    sent = {stratum: found[stratum] for stratum in strata_in_order(found)}
    if not sent:
        raise no_event()
    every, _ = tied(np.concatenate(list(sent.values())), None)
    parts = np.split(every, np.cumsum([len(times) for times in sent.values()])[:-1])
    times = CommonTimes(tuple(sent), tuple(np.unique(own)[::-1] for own in parts))
    if len(times) > questions.MOST_TIMES:
        message = (
            f"The sites have {len(times)} event times; "
            f"a common baseline takes {questions.MOST_TIMES}."
        )
        remedy = "Use baseline='site', or have the sites round the times."
        raise AnalysisError("BAD_REQUEST", message, remedy=remedy)
    return times


def check_strata(request: CoxRequest, total: Sums, times: CommonTimes) -> None:
    """Check that no stratum is spelt twice, where sites store its column in different types.

    Raises
    ------
    AnalysisError
        ``BAD_REQUEST`` naming the column.
    """
    for column, labels in zip(request.strata, zip(*times.labels, strict=True), strict=True):
        if column in request.levels:
            continue
        try:
            check_spelling(column, labels, total.tallies.get(f"kind/{column}", {}))
        except FormulaError as error:
            raise bad_model(error) from None


def read_risk_sums(total: Sums, name: str, times: CommonTimes, columns: int) -> RiskSums:
    """Return the sums over all sites; those over tied deaths are 0 where sites leave them out."""
    count, pairs = len(times), columns * (columns + 1) // 2
    shapes: dict[str, tuple[int, ...]] = {
        "moments": (count, columns),
        "products": (count, pairs),
        "death_moments": (count, columns),
        "death_products": (count, pairs),
        "death_design": (count, columns),
    }
    read = {
        field.name: total.get(f"{name}/{field.name}", shapes.get(field.name, (count,)))
        for field in fields(RiskSums)
        if field.name != "death_predictor"
    }
    predictor = total[f"{name}/death_predictor"]
    return RiskSums(**read, death_predictor=float(predictor[0]))


def no_event() -> AnalysisError:
    """Return what ends an analysis without events."""
    message = "No site has an event among the rows in which every column of the model has a value."
    return AnalysisError(
        "BAD_EVENT",
        message,
        remedy="Check the event column with the sites, and event_value=...",
    )
