"""The central side of a likelihood of single rows: its questions, and how answers are read."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

import numpy as np

from v6_clinical.errors import AnalysisError
from v6_clinical.model.formula import Formula
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation, Newton, usual_tolerance
from v6_clinical.numerics.optimum import column_spread
from v6_clinical.protocol.analysis import Ask, Reply
from v6_clinical.protocol.question import asking
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.centre.design import agree_design
from v6_clinical.regression.centre.diagnoses import UNEVEN
from v6_clinical.regression.centre.fit import Fit, Rounds, maximise
from v6_clinical.regression.centre.plan import (
    ask_start,
    check_same_data,
    count_rows,
    first_grid,
    first_information,
    opening_model,
    resolve_moments,
    start,
)
from v6_clinical.regression.counts import OUTCOME, WEIGHTS, Counts
from v6_clinical.regression.families.family import Family, Outcome
from v6_clinical.regression.glm.null_model import NullModel
from v6_clinical.regression.glm.questions import Evaluate, Opening
from v6_clinical.regression.glm.request import GLMRequest, is_robust, of_leverage, read_model
from v6_clinical.regression.messages import EVALUATION, read_evaluation
from v6_clinical.regression.question import Model, Report

# Of the tolerance, with robust errors: their meat is that before the last step, and moves more.
ROBUST = 0.1


@asking()
def opening(request: GLMRequest, formula: Formula) -> Opening:
    """Return the question of ``describe`` and ``start`` that all families share."""
    levels = request.levels.get(request.outcome)
    outcome = Outcome(
        column=request.outcome,
        levels=None if levels is None else tuple(levels),
        positive=getattr(request, "positive", None),
    )
    model = opening_model(request, formula.terms, formula.intercept, Model)
    return Opening(model=model, outcome=outcome, site_effect=request.site_effect)


class Fitting:
    """A fit in progress; a family's own report is a subclass's.

    Attributes
    ----------
    design, state, penalty
        What ``maximise`` works on.
    null
        The null model.
    null_of_sites
        Log-likelihood of an intercept for each site alone; None where there is none of sites, or no
        closed form.
    """

    evaluation: type[Evaluate] = Evaluate

    def __init__(self, request: GLMRequest, family: Family, formula: Formula, reply: Reply) -> None:
        self.request, self.family, self.first = request, family, reply.total
        self.counts = Counts.read(reply.total)
        n = count_rows(reply.total)
        if (rows := family.constant(self.counts)) is not None:
            raise _constant(rows, request.outcome)
        self.design = agree_design(
            request,
            formula,
            reply.total,
            n,
            centred=formula.intercept,
            site_effect=reply.organizations if request.site_effect else None,
        )
        self.penalty = self.design.penalty(request.ridge)
        self.null = NullModel(
            family, reply.total, intercept=formula.intercept, asked=asks_null(request, family)
        )
        self.null_of_sites: float | None = None
        if request.site_effect and not asks_null(request, family):
            self.null_of_sites = float(reply.total.get("null_sites", (1,))[0])
        self.state = self._newton()
        self._opening = self.opening(request, formula)
        self._places = len(reply.organizations)

    @classmethod
    def opening(cls, request: GLMRequest, formula: Formula) -> Opening:
        """Return the question of ``describe`` and ``start``."""
        return opening(request, formula)

    @property
    def robust(self) -> bool:
        """Whether robust errors are asked for."""
        return is_robust(self.request)

    def _newton(self) -> Newton:
        """Return the fit at its start, with the null model to go home to."""
        family, counts, k = self.family, self.counts, len(self.design.intercepts)
        information = first_information(self.design, self.first)
        spread = column_spread(information, k, family.typical * counts.weight)
        fewest, row = family.fewest(counts), counts.weight / counts.n
        weighted = self.request.weights is not None
        at = start(self.design, self.first, self.penalty, self.home()[0])
        tolerance = usual_tolerance(fewest) * (ROBUST if self.robust else 1.0)
        return Newton(
            at,
            fewest,
            tolerance,
            spread=None if family.quadratic else spread,
            home=self.home(),
            row=row,
            sure=family.half * row * (UNEVEN if weighted else 1.0),
            origin=self.home()[0],
            quadratic=family.quadratic,
            grid=first_grid(
                information + np.diag(self.penalty), at * (not family.quadratic), tolerance
            ),
            bounded=family.bounded,
        )

    @property
    def leverage(self) -> bool:
        """Whether robust errors wait for the leverages of the fit, a round of their own."""
        return of_leverage(self.request) is not None

    def home(self) -> tuple[Array, float]:
        """Return the null model's parameters, and its likelihood as far as it is known."""
        null = np.zeros(len(self.design.terms))
        null[: len(self.design.intercepts)] = self.null.intercept
        return null, self.null.log_likelihood

    def ask(self, beta: Array, last: bool) -> Ask:
        """Return the question at these parameters; the last one also asks for the report."""
        report = self.report() if (last or self.family.quadratic) and self.null.ready else None
        needs = (
            EVALUATION
            | null_needs(self.request, self.family)
            | counts_needs(self.request, self.family)
        )
        if self.null.at is not None:
            needs |= {"null_likelihood"}
        if report is not None:
            needs |= self.report_needs(report)
        return Ask("evaluate", self.question(beta, report).to_json(), needs=needs)

    @asking()
    def question(self, beta: Array, report: Report | None) -> Evaluate:
        """Return the question at these parameters."""
        intercepts, slopes = self.design.split(beta)
        asked, raw = self._opening, self.design.raw
        return self.evaluation(
            **dict(asked)
            | {
                "model": asked.model.agreed(raw.levels, raw.references),
                "shift": tuple(self.design.shift.tolist()),
                "intercepts": tuple(self._by_site(intercepts)),
                "slopes": tuple(slopes),
                "null": self.null.at,
                "origin": self.null.origin,
                "report": report,
            }
        )

    def report(self) -> Report:
        """Return what the last evaluation is asked for besides."""
        return Report(meat=self.robust and not self.leverage)

    def report_needs(self, report: Report) -> frozenset[str]:
        """Return what no site with rows may then leave out."""
        return frozenset({"meat"} if report.meat else ())

    def read(self, total: Sums) -> Evaluation:
        """Return the pooled evaluation."""
        check_same_data(self.first, total)
        self.null.read(total)
        if self.state.home is not None:
            self.state.home = self.home()
        return read_evaluation(total, self.design.labels, origin=self.null.value)

    def whole(self, reply: Reply) -> Fit | None:
        """Return the fit where ``start`` has told all of it; None by default."""
        return None

    @property
    def labels(self) -> frozenset[str]:
        """The labels that sums of an evaluation may bear."""
        return frozenset(self.design.labels)

    def check_same(self, total: Sums) -> None:
        """Compare rows and events with those of the first answers."""
        check_same_data(self.first, total)

    def all_places(self) -> list[int]:
        """Return where the parameters stand in a question that has an intercept for each site."""
        slopes = len(self.design.slopes)
        if not self.request.site_effect:
            return list(range(len(self.design.intercepts) + slopes))
        return [*self._sites(), *range(self._places, self._places + slopes)]

    def _sites(self) -> list[int]:
        """Return the place of the site of each intercept."""
        return [int(label.rpartition("/")[2]) for label in self.design.intercepts]

    def _by_site(self, intercepts: list[float]) -> list[float]:
        """Return an intercept for each place; sites without rows never read theirs."""
        if not self.request.site_effect:
            return intercepts
        found = dict(zip(self._sites(), intercepts, strict=True))
        return [found.get(place, 0.0) for place in range(self._places)]


def _constant(rows: str, outcome: str) -> AnalysisError:
    message = f"{rows} the outcome '{outcome}': there is nothing to compare."
    remedy = "Check which value of the outcome counts as an event: positive=... names it."
    return AnalysisError("BAD_OUTCOME", message, remedy=remedy)


F = TypeVar("F", bound=Fitting)


def asks_null(request: GLMRequest, family: Family) -> bool:
    """Tell whether sites are asked about the null model."""
    exposure = getattr(request, "exposure", None)
    return request.offset is not None or exposure is not None or not family.closed_null


def null_needs(request: GLMRequest, family: Family) -> frozenset[str]:
    """Return what sites send of the null model."""
    return frozenset({"null"} if asks_null(request, family) else ())


def start_needs(request: GLMRequest, family: Family) -> frozenset[str]:
    """Return what sites send in ``start`` beside what every regression's do."""
    whole = {"outcome_squares", "null_squares", "constants"} if family.quadratic else set()
    return null_needs(request, family) | counts_needs(request, family) | whole


def counts_needs(request: GLMRequest, family: Family) -> frozenset[str]:
    """Return what sites send of sums of weights and of an outcome that is no count."""
    found = set() if family.classes else {OUTCOME}
    return frozenset(found | ({WEIGHTS} if request.weights is not None else set()))


def fitted(
    request: GLMRequest, family: Family, kind: type[F]
) -> Generator[Ask, Reply, tuple[F, Fit, int]]:
    """Ask ``describe`` where the model needs pooled moments, ``start``, then ``evaluate``.

    Returns
    -------
    tuple
        The fit's questions, the converged fit, and the rounds.
    """
    rounds = Rounds(0, request.max_rounds)

    def asked(formula: Formula) -> Opening:
        return kind.opening(request, formula)

    formula = yield from resolve_moments(read_model(request), asked, rounds)
    reply = yield from ask_start(formula, asked, rounds, start_needs(request, family))
    fitting = kind(request, family, formula, reply)
    whole = fitting.whole(reply)
    if whole is not None:
        return fitting, whole, rounds.used
    found = yield from maximise(
        fitting.design, fitting.state, fitting.penalty, rounds, fitting.ask, fitting.read
    )
    return fitting, found, rounds.used
