"""Each analysis as a method: the arguments of its request model, typed and documented.

Written by ``make analyses`` from the faces and the request models: change those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from v6_clinical.analyst.arguments import Codebook, Label, given
from v6_clinical.analyst.methods import Methods
from v6_clinical.analyst.results import PredictingResult, RegressionResult, TableOneResult

__all__ = [
    "Analyses",
    "CoxResult",
    "GlmResult",
    "LogisticResult",
    "SummaryResult",
]


class CoxResult(PredictingResult):
    """The result of ``cox_regression``."""

    NAME = "cox_regression"


class GlmResult(RegressionResult):
    """The result of ``generalized_linear_model``."""

    NAME = "generalized_linear_model"


class LogisticResult(RegressionResult):
    """The result of ``logistic_regression``."""

    NAME = "logistic_regression"


class SummaryResult(TableOneResult):
    """The result of ``summary``."""

    NAME = "summary"


class Analyses(Methods):
    """What can be asked of a federation."""

    def cox(
        self,
        *,
        time: str,
        event: str,
        event_value: Label | Sequence[Label] | None = None,
        entry: str | None = None,
        strata: Sequence[str] = (),
        baseline: Literal["site", "exact"] = "site",
        ties: Literal["efron", "breslow"] = "efron",
        robust: bool = False,
        zph_transform: Literal["identity", "log", "km"] = "identity",
        time_horizon: float | None = None,
        profiles: Sequence[Mapping[str, Any]] = (),
        predictors: Sequence[str] | None = None,
        formula: str | None = None,
        reference: Mapping[str, Label] | None = None,
        weights: str | None = None,
        offset: str | None = None,
        cluster: str | None = None,
        cluster_adjust: bool = False,
        ridge: float = 0.0,
        confidence_level: float = 0.95,
        max_rounds: int = 25,
        organizations_to_include: Sequence[int] | None = None,
        on_refusal: Literal["fail", "exclude"] = "fail",
        levels: Codebook | None = None,
        collapse: Mapping[str, Codebook] | None = None,
    ) -> CoxResult:
        """Fit a Cox regression over all sites: what R's ``coxph`` and ``cox.zph`` give.

        Parameters
        ----------
        time
            Column of follow-up times, 0 or more.
        event
            Column that says whether follow-up ended with an event: 0/1 or true/false, or with
            event_value any levels.
        event_value
            Value, or list of values, of the event column that are events, such as 2 of 1/2; any
            other is censored. Default: 1, or true.
        entry
            Column of entry times: a row is at risk on (entry, time].
        strata
            Columns whose levels have baseline hazards of their own.
        baseline
            site: a baseline hazard a site, as strata(site); exact: one for all, where every site
            lets event times leave.
        ties
            What to do about tied deaths.
        robust
            Lin and Wei's sandwich errors; over clusters if any.
        zph_transform
            Of time, in the test of proportional hazards; km is R's default, of each site's own rows
            with baseline='site'.
        time_horizon
            Where the baseline curves end; none without it.
        profiles
            Covariates of people whose survival is predicted; offset 0 if not named.
        predictors
            Columns of the model, one term each; or give a formula.
        formula
            Right-hand side, R style: age * sex + ns(bmi, df=3).
        reference
            Reference level of a column, if not its first.
        weights
            Column of case weights.
        offset
            Column that is added to the linear predictor.
        cluster
            Column whose rows of one value belong together (robust errors).
        cluster_adjust
            Multiply errors over G clusters by G / (G - 1).
        ridge
            Penalty ridge/2 sum b^2, b per pooled standard deviation of a column.
        confidence_level
            Of the confidence intervals.
        max_rounds
            Rounds after which a fit that has not converged is given up.
        organizations_to_include
            Organisations that take part; default every one of the collaboration.
        on_refusal
            End on a refusal, or go on without the sites that refuse.
        levels
            Codebook: the levels of a column, the first is the reference.
        collapse
            Levels to merge, before anything else.

        Raises
        ------
        AnalysisError
            With code, sites and remedy.
        """
        return CoxResult(self.run("cox", given(locals())))

    def glm(
        self,
        *,
        family: Literal["gaussian", "poisson", "gamma", "binomial"],
        outcome: str,
        link: Literal["identity", "log", "inverse", "logit", "probit", "cloglog"] | None = None,
        exposure: str | None = None,
        positive: Label | None = None,
        robust: Literal["HC0", "HC1", "HC2", "HC3"] | None = None,
        site_effect: bool = False,
        predictors: Sequence[str] | None = None,
        formula: str | None = None,
        reference: Mapping[str, Label] | None = None,
        weights: str | None = None,
        offset: str | None = None,
        cluster: str | None = None,
        cluster_adjust: bool = False,
        ridge: float = 0.0,
        confidence_level: float = 0.95,
        max_rounds: int = 25,
        organizations_to_include: Sequence[int] | None = None,
        on_refusal: Literal["fail", "exclude"] = "fail",
        levels: Codebook | None = None,
        collapse: Mapping[str, Codebook] | None = None,
    ) -> GlmResult:
        """Fit a linear, Poisson, gamma or binomial regression over all sites.

        Parameters
        ----------
        family
            gaussian (numbers), poisson (counts), gamma (above 0) or binomial (two values).
        outcome
            Column of the outcome: numbers, counts, numbers above 0, or two values.
        link
            identity, log, log, logit by default; gamma also inverse, binomial also probit, cloglog,
            log, identity. For risk ratios take poisson with robust='HC0'.
        exposure
            Column of time or people at risk, of counts: its log is an offset.
        positive
            The value of a binomial outcome that counts as 1; default the 1 of 0/1, true, or the
            second of two listed levels.
        robust
            Sandwich errors, of rows or (HC0, HC1) over clusters.
        site_effect
            An intercept for each site.
        predictors
            Columns of the model, one term each; or give a formula.
        formula
            Right-hand side, R style: age * sex + ns(bmi, df=3).
        reference
            Reference level of a column, if not its first.
        weights
            Column of case weights.
        offset
            Column that is added to the linear predictor.
        cluster
            Column whose rows of one value belong together (robust errors).
        cluster_adjust
            Multiply errors over G clusters by G / (G - 1).
        ridge
            Penalty ridge/2 sum b^2, b per pooled standard deviation of a column.
        confidence_level
            Of the confidence intervals.
        max_rounds
            Rounds after which a fit that has not converged is given up.
        organizations_to_include
            Organisations that take part; default every one of the collaboration.
        on_refusal
            End on a refusal, or go on without the sites that refuse.
        levels
            Codebook: the levels of a column, the first is the reference.
        collapse
            Levels to merge, before anything else.

        Raises
        ------
        AnalysisError
            With code, sites and remedy.
        """
        return GlmResult(self.run("glm", given(locals())))

    def linear(
        self,
        *,
        outcome: str,
        robust: Literal["HC0", "HC1", "HC2", "HC3"] | None = None,
        site_effect: bool = False,
        predictors: Sequence[str] | None = None,
        formula: str | None = None,
        reference: Mapping[str, Label] | None = None,
        weights: str | None = None,
        offset: str | None = None,
        cluster: str | None = None,
        cluster_adjust: bool = False,
        ridge: float = 0.0,
        confidence_level: float = 0.95,
        max_rounds: int = 25,
        organizations_to_include: Sequence[int] | None = None,
        on_refusal: Literal["fail", "exclude"] = "fail",
        levels: Codebook | None = None,
        collapse: Mapping[str, Codebook] | None = None,
    ) -> GlmResult:
        """Fit a linear regression over all sites, as R's ``lm``.

        Parameters
        ----------
        outcome
            Column of the outcome: numbers, counts, numbers above 0, or two values.
        robust
            Sandwich errors, of rows or (HC0, HC1) over clusters.
        site_effect
            An intercept for each site.
        predictors
            Columns of the model, one term each; or give a formula.
        formula
            Right-hand side, R style: age * sex + ns(bmi, df=3).
        reference
            Reference level of a column, if not its first.
        weights
            Column of case weights.
        offset
            Column that is added to the linear predictor.
        cluster
            Column whose rows of one value belong together (robust errors).
        cluster_adjust
            Multiply errors over G clusters by G / (G - 1).
        ridge
            Penalty ridge/2 sum b^2, b per pooled standard deviation of a column.
        confidence_level
            Of the confidence intervals.
        max_rounds
            Rounds after which a fit that has not converged is given up.
        organizations_to_include
            Organisations that take part; default every one of the collaboration.
        on_refusal
            End on a refusal, or go on without the sites that refuse.
        levels
            Codebook: the levels of a column, the first is the reference.
        collapse
            Levels to merge, before anything else.

        Raises
        ------
        AnalysisError
            With code, sites and remedy.
        """
        arguments = given(locals()) | {"family": "gaussian"}
        return GlmResult(self.run("glm", arguments))

    def poisson(
        self,
        *,
        outcome: str,
        exposure: str | None = None,
        robust: Literal["HC0", "HC1", "HC2", "HC3"] | None = None,
        site_effect: bool = False,
        predictors: Sequence[str] | None = None,
        formula: str | None = None,
        reference: Mapping[str, Label] | None = None,
        weights: str | None = None,
        offset: str | None = None,
        cluster: str | None = None,
        cluster_adjust: bool = False,
        ridge: float = 0.0,
        confidence_level: float = 0.95,
        max_rounds: int = 25,
        organizations_to_include: Sequence[int] | None = None,
        on_refusal: Literal["fail", "exclude"] = "fail",
        levels: Codebook | None = None,
        collapse: Mapping[str, Codebook] | None = None,
    ) -> GlmResult:
        """Fit a Poisson regression over all sites.

        Parameters
        ----------
        outcome
            Column of the outcome: numbers, counts, numbers above 0, or two values.
        exposure
            Column of time or people at risk, of counts: its log is an offset.
        robust
            Sandwich errors, of rows or (HC0, HC1) over clusters.
        site_effect
            An intercept for each site.
        predictors
            Columns of the model, one term each; or give a formula.
        formula
            Right-hand side, R style: age * sex + ns(bmi, df=3).
        reference
            Reference level of a column, if not its first.
        weights
            Column of case weights.
        offset
            Column that is added to the linear predictor.
        cluster
            Column whose rows of one value belong together (robust errors).
        cluster_adjust
            Multiply errors over G clusters by G / (G - 1).
        ridge
            Penalty ridge/2 sum b^2, b per pooled standard deviation of a column.
        confidence_level
            Of the confidence intervals.
        max_rounds
            Rounds after which a fit that has not converged is given up.
        organizations_to_include
            Organisations that take part; default every one of the collaboration.
        on_refusal
            End on a refusal, or go on without the sites that refuse.
        levels
            Codebook: the levels of a column, the first is the reference.
        collapse
            Levels to merge, before anything else.

        Raises
        ------
        AnalysisError
            With code, sites and remedy.
        """
        arguments = given(locals()) | {"family": "poisson"}
        return GlmResult(self.run("glm", arguments))

    def gamma(
        self,
        *,
        outcome: str,
        link: Literal["identity", "log", "inverse", "logit", "probit", "cloglog"] | None = None,
        robust: Literal["HC0", "HC1", "HC2", "HC3"] | None = None,
        site_effect: bool = False,
        predictors: Sequence[str] | None = None,
        formula: str | None = None,
        reference: Mapping[str, Label] | None = None,
        weights: str | None = None,
        offset: str | None = None,
        cluster: str | None = None,
        cluster_adjust: bool = False,
        ridge: float = 0.0,
        confidence_level: float = 0.95,
        max_rounds: int = 25,
        organizations_to_include: Sequence[int] | None = None,
        on_refusal: Literal["fail", "exclude"] = "fail",
        levels: Codebook | None = None,
        collapse: Mapping[str, Codebook] | None = None,
    ) -> GlmResult:
        """Fit a gamma regression over all sites.

        Parameters
        ----------
        outcome
            Column of the outcome: numbers, counts, numbers above 0, or two values.
        link
            identity, log, log, logit by default; gamma also inverse, binomial also probit, cloglog,
            log, identity. For risk ratios take poisson with robust='HC0'.
        robust
            Sandwich errors, of rows or (HC0, HC1) over clusters.
        site_effect
            An intercept for each site.
        predictors
            Columns of the model, one term each; or give a formula.
        formula
            Right-hand side, R style: age * sex + ns(bmi, df=3).
        reference
            Reference level of a column, if not its first.
        weights
            Column of case weights.
        offset
            Column that is added to the linear predictor.
        cluster
            Column whose rows of one value belong together (robust errors).
        cluster_adjust
            Multiply errors over G clusters by G / (G - 1).
        ridge
            Penalty ridge/2 sum b^2, b per pooled standard deviation of a column.
        confidence_level
            Of the confidence intervals.
        max_rounds
            Rounds after which a fit that has not converged is given up.
        organizations_to_include
            Organisations that take part; default every one of the collaboration.
        on_refusal
            End on a refusal, or go on without the sites that refuse.
        levels
            Codebook: the levels of a column, the first is the reference.
        collapse
            Levels to merge, before anything else.

        Raises
        ------
        AnalysisError
            With code, sites and remedy.
        """
        arguments = given(locals()) | {"family": "gamma"}
        return GlmResult(self.run("glm", arguments))

    def logistic(
        self,
        *,
        outcome: str,
        positive: Label | None = None,
        robust: Literal["HC0", "HC1"] | None = None,
        site_effect: bool = False,
        predictors: Sequence[str] | None = None,
        formula: str | None = None,
        reference: Mapping[str, Label] | None = None,
        weights: str | None = None,
        offset: str | None = None,
        cluster: str | None = None,
        cluster_adjust: bool = False,
        ridge: float = 0.0,
        confidence_level: float = 0.95,
        max_rounds: int = 25,
        organizations_to_include: Sequence[int] | None = None,
        on_refusal: Literal["fail", "exclude"] = "fail",
        levels: Codebook | None = None,
        collapse: Mapping[str, Codebook] | None = None,
    ) -> LogisticResult:
        """Fit a logistic regression over all sites: what R's ``glm(…, binomial)`` gives.

        Parameters
        ----------
        outcome
            Column with two values: 0/1, true/false, or two levels.
        positive
            The value of the outcome that counts as 1; default the 1 of 0/1, true, or the second of
            two listed levels.
        robust
            Sandwich errors, of rows or over clusters.
        site_effect
            An intercept for each site.
        predictors
            Columns of the model, one term each; or give a formula.
        formula
            Right-hand side, R style: age * sex + ns(bmi, df=3).
        reference
            Reference level of a column, if not its first.
        weights
            Column of case weights.
        offset
            Column that is added to the linear predictor.
        cluster
            Column whose rows of one value belong together (robust errors).
        cluster_adjust
            Multiply errors over G clusters by G / (G - 1).
        ridge
            Penalty ridge/2 sum b^2, b per pooled standard deviation of a column.
        confidence_level
            Of the confidence intervals.
        max_rounds
            Rounds after which a fit that has not converged is given up.
        organizations_to_include
            Organisations that take part; default every one of the collaboration.
        on_refusal
            End on a refusal, or go on without the sites that refuse.
        levels
            Codebook: the levels of a column, the first is the reference.
        collapse
            Levels to merge, before anything else.

        Raises
        ------
        AnalysisError
            With code, sites and remedy.
        """
        return LogisticResult(self.run("logistic", given(locals())))

    def summary(
        self,
        *,
        columns: Sequence[str],
        group_by: str | None = None,
        quantiles: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
        correlation: bool = False,
        histogram: bool = True,
        per_site: bool = False,
        organizations_to_include: Sequence[int] | None = None,
        on_refusal: Literal["fail", "exclude"] = "fail",
        levels: Codebook | None = None,
        collapse: Mapping[str, Codebook] | None = None,
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
        organizations_to_include
            Organisations that take part; default every one of the collaboration.
        on_refusal
            End on a refusal, or go on without the sites that refuse.
        levels
            Codebook: the levels of a column, the first is the reference.
        collapse
            Levels to merge, before anything else.

        Raises
        ------
        AnalysisError
            With code, sites and remedy.
        """
        return SummaryResult(self.run("summary", given(locals())))
