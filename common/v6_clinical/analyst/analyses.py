"""The three analyses as methods: the arguments of the request models, typed and documented.

A test compares signatures and texts with the models, so that they cannot drift apart.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from v6_clinical.analyst.results import CoxResult, LogisticResult, SummaryResult

Label = str | int | bool
Codebook = Mapping[str, Sequence[Label]]


class Analyses(ABC):
    """What can be asked of a federation."""

    @abstractmethod
    def run(self, analysis: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Run an analysis by name; return its envelope if it is completed.

        Raises
        ------
        v6_clinical.analyst.AnalysisError
            If it is not: code, sites and remedy.
        """

    def summary(
        self,
        *,
        columns: Sequence[str],
        group_by: str | None = None,
        quantiles: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
        correlation: bool = False,
        histogram: bool = True,
        per_site: bool = False,
        levels: Codebook | None = None,
        collapse: Mapping[str, Codebook] | None = None,
        organizations_to_include: Sequence[int] | None = None,
        on_refusal: Literal["fail", "exclude"] = "fail",
    ) -> SummaryResult:
        """Summarise columns over all sites: Table 1, tests between groups, correlations.

        Parameters
        ----------
        columns
            Columns to summarise, numeric or categorical.
        group_by
            Categorical column whose levels are compared, such as the treatment.
        quantiles
            Quantiles beside median, q1 and q3.
        correlation
            Pearson correlation of the numeric columns.
        histogram
            Histograms of the numeric columns.
        per_site
            Each site's own numbers beside the pooled ones.
        levels
            Codebook: the levels of a column, the first is the reference.
        collapse
            Levels to merge, before anything else.
        organizations_to_include
            Organisations that take part; default every one of the collaboration.
        on_refusal
            End on a refusal, or go on without the sites that refuse.

        Raises
        ------
        AnalysisError
            With code, sites and remedy.
        """
        return SummaryResult(self.run("summary", _given(locals())))

    def logistic(
        self,
        *,
        outcome: str,
        predictors: Sequence[str] | None = None,
        formula: str | None = None,
        positive: Label | None = None,
        levels: Codebook | None = None,
        reference: Mapping[str, Label] | None = None,
        collapse: Mapping[str, Codebook] | None = None,
        weights: str | None = None,
        offset: str | None = None,
        cluster: str | None = None,
        robust: Literal["HC0", "HC1"] | None = None,
        ridge: float = 0.0,
        site_effect: bool = False,
        confidence_level: float = 0.95,
        max_rounds: int = 25,
        organizations_to_include: Sequence[int] | None = None,
        on_refusal: Literal["fail", "exclude"] = "fail",
    ) -> LogisticResult:
        """Fit a logistic regression over all sites: what R's ``glm(…, binomial)`` gives.

        Parameters
        ----------
        outcome
            Column with two values: 0/1, true/false, or two levels.
        predictors
            Columns of the model, one term each; or give a formula.
        formula
            Right-hand side, R style: age * sex + ns(bmi, df=3).
        positive
            The value of the outcome that counts as 1; default the 1 of 0/1, true, or the
            second of two listed levels.
        levels
            Codebook: the levels of a column, the first is the reference.
        reference
            Reference level of a column, if not its first.
        collapse
            Levels to merge, before anything else.
        weights
            Column of case weights.
        offset
            Column that is added to the linear predictor.
        cluster
            Column whose rows of one value belong together (robust errors).
        robust
            Sandwich errors; with a cluster HC0 over clusters.
        ridge
            Penalty ridge/2 sum b^2, b per pooled standard deviation of a column.
        site_effect
            An intercept for each site.
        confidence_level
            Of the confidence intervals.
        max_rounds
            Rounds after which a fit that has not converged is given up.
        organizations_to_include
            Organisations that take part; default every one of the collaboration.
        on_refusal
            End on a refusal, or go on without the sites that refuse.

        Raises
        ------
        AnalysisError
            With code, sites and remedy.
        """
        return LogisticResult(self.run("logistic", _given(locals())))

    def cox(
        self,
        *,
        time: str,
        event: str,
        event_value: Label | Sequence[Label] | None = None,
        entry: str | None = None,
        predictors: Sequence[str] | None = None,
        formula: str | None = None,
        strata: Sequence[str] = (),
        baseline: Literal["site", "exact"] = "site",
        ties: Literal["efron", "breslow"] = "efron",
        levels: Codebook | None = None,
        reference: Mapping[str, Label] | None = None,
        collapse: Mapping[str, Codebook] | None = None,
        weights: str | None = None,
        offset: str | None = None,
        cluster: str | None = None,
        robust: bool = False,
        ridge: float = 0.0,
        zph_transform: Literal["identity", "log", "km"] = "identity",
        time_horizon: float | None = None,
        profiles: Sequence[Mapping[str, Any]] = (),
        confidence_level: float = 0.95,
        max_rounds: int = 25,
        organizations_to_include: Sequence[int] | None = None,
        on_refusal: Literal["fail", "exclude"] = "fail",
    ) -> CoxResult:
        """Fit a Cox regression over all sites: what R's ``coxph`` and ``cox.zph`` give.

        Parameters
        ----------
        time
            Column of follow-up times, 0 or more.
        event
            Column that says whether follow-up ended with an event: 0/1 or true/false, or
            with event_value any levels.
        event_value
            Value, or list of values, of the event column that are events, such as 2 of
            1/2; any other is censored. Default: 1, or true.
        entry
            Column of entry times: a row is at risk on (entry, time].
        predictors
            Columns of the model, one term each; or give a formula.
        formula
            Right-hand side, R style: age * sex + ns(bmi, df=3).
        strata
            Columns whose levels have baseline hazards of their own.
        baseline
            site: a baseline hazard a site, as strata(site); exact: one for all, where
            every site lets event times leave.
        ties
            What to do about tied deaths.
        levels
            Codebook: the levels of a column, the first is the reference.
        reference
            Reference level of a column, if not its first.
        collapse
            Levels to merge, before anything else.
        weights
            Column of case weights.
        offset
            Column that is added to the linear predictor.
        cluster
            Column whose rows of one value belong together (robust errors).
        robust
            Lin and Wei's sandwich errors; over clusters if any.
        ridge
            Penalty ridge/2 sum b^2, b per pooled standard deviation of a column.
        zph_transform
            Of time, in the test of proportional hazards; km is R's default, of each site's
            own rows with baseline='site'.
        time_horizon
            Where the baseline curves end; none without it.
        profiles
            Covariates of people whose survival is predicted; offset 0 if not named.
        confidence_level
            Of the confidence intervals.
        max_rounds
            Rounds after which a fit that has not converged is given up.
        organizations_to_include
            Organisations that take part; default every one of the collaboration.
        on_refusal
            End on a refusal, or go on without the sites that refuse.

        Raises
        ------
        AnalysisError
            With code, sites and remedy.
        """
        return CoxResult(self.run("cox", _given(locals())))


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments as plain JSON, without ``self`` and what was left at None."""
    return {
        name: _plain(value)
        for name, value in arguments.items()
        if name != "self" and value is not None
    }


def _plain(value: Any) -> Any:
    """Turn mappings into dicts, sequences (also pandas' and numpy's) into lists, ints into ints."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, str | bytes) or value is None:
        return value
    if hasattr(value, "tolist"):  # numpy and pandas
        return value.tolist()
    if isinstance(value, Sequence | set | frozenset):
        return [_plain(part) for part in value]
    return value
