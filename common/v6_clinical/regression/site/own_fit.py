"""A site's fit of its own: where the pooled fit starts, and how far sites differ at its end.

In the first round sites do not know the agreed levels yet and work in the full coding; the agreed
coding is a selection of its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.disclosure.blur import NO_NOISE, settled
from v6_clinical.errors import RefusalError
from v6_clinical.model.coding import INTERCEPT
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation, SingularError, inverse
from v6_clinical.numerics.optimum import column_spread, optimum
from v6_clinical.protocol.analysis import Place
from v6_clinical.protocol.sums import Form, Sums, labelled
from v6_clinical.regression.site.guard import Cleared, check, may_tell
from v6_clinical.regression.site.noise import QUIET, NoiseAt

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy
    from v6_clinical.regression.site.likelihood import Asked, Likelihood

DIGITS = 1e-3  # of a variance with noise: its noise is larger; a thousandth of that is told
START_TOLERANCE = 0.1  # last Newton step in standard errors, still taken: no start is exact
START_LEFT = 0.02  # of log-likelihood: an intercept of all outcomes alike says no more further out
PRIOR_VARIANCE = 4.0  # of a coefficient per standard deviation of its column at the site


def intercept_label(site_effect: bool, index: int) -> str:
    """Return the label of the intercept's sums: one for all, or the site's own."""
    return f"{INTERCEPT}/{index}" if site_effect else INTERCEPT


def site_labels(names: Sequence[str], site_effect: bool, index: int) -> tuple[str, ...]:
    """Return the labels of a site's sums for design columns of these names."""
    own = intercept_label(site_effect, index)
    return tuple(own if name == INTERCEPT else name for name in names)


def standard_scale(spread: Array, centre: Array) -> Array:
    """Return what columns are divided by: their spread, infinite where they are constant."""
    return np.where(spread > 1e-9 * np.abs(centre), spread, np.inf)


@dataclass(frozen=True)
class RidgeOptimum:
    """About the optimum of a site's likelihood under a weak ridge.

    Parameters
    ----------
    beta, penalty
        Coefficients of the design as it is, and the ridge's on them, shape (p,) each.
    every
        Each so many-th row was looked at.
    """

    beta: Array
    penalty: Array
    every: int = 1


def ridge_optimum(
    evaluate: Callable[[Array], Evaluation], free: Array, first: Array | None = None
) -> Array:
    """Return the optimum of a likelihood of standardised columns plus a weak ridge.

    It exists under separation too. Prior variance 4 of each coefficient but the ``free`` ones,
    marked by 1 in shape (p,). The search begins at ``first``, by default 0.
    """
    penalty = (1 - free) / PRIOR_VARIANCE
    origin = np.zeros(len(penalty)) if first is None else first
    return optimum(evaluate, origin, penalty, 1.0, tolerance=START_TOLERANCE, left=START_LEFT).beta


def own_optimum(
    evaluate: Callable[[Array, Array], Evaluation],
    design: Array,
    intercept: bool,
    origin: float = 0.0,
) -> RidgeOptimum:
    """Return the ``ridge_optimum`` of a site's likelihood, the intercept free.

    ``evaluate(design, beta)`` gives the likelihood for a design of the site's rows. Without an
    intercept columns are not centred; with one its column is the first, and ``origin`` is where
    the search for it begins.
    """
    centre = design.mean(axis=0)
    if not intercept:
        centre = np.zeros_like(centre)
    spread = np.sqrt(np.square(design - centre).mean(axis=0))
    scale, free = standard_scale(spread, centre), np.zeros(design.shape[1])
    standard, first = (design - centre) / scale, np.zeros(design.shape[1])
    if intercept:
        standard[:, 0], scale[0], centre[0], free[0] = 1.0, 1.0, 0.0, 1.0
        first[0] = origin
    beta = ridge_optimum(lambda b: evaluate(standard, b), free, first) / scale
    if intercept:
        beta[0] -= centre @ beta
    told = np.where(np.isfinite(scale), scale, 1.0)  # a constant column's coefficient is 0
    return RidgeOptimum(beta, (1 - free) * told**2 / PRIOR_VARIANCE)


@dataclass(frozen=True)
class Quadratic:
    """A quadratic of a log-likelihood at a point b: H = information, v = H b + score.

    H and v add over sites; the optimum of the sum solves (sum H) b = sum v.

    Parameters
    ----------
    beta
        The point, shape (p,).
    expected
        Taken off the score: what the quadratic is expected to leave out, shape (p,), with noise of
        its own.
    """

    found: Cleared
    beta: Array
    expected: Array | None = None
    noise: NoiseAt = QUIET

    @cached_property
    def told(self) -> tuple[Array, Array]:
        """Score and information with their noise."""
        return self.noise.block(self.found.score, self.found.information)

    def sums(self, labels: Sequence[str]) -> Sums:
        """Return H and v under their names, with the noise of the score and the information."""
        score, information = self.told
        if self.expected is not None:
            score = score - self.expected
        size = self.noise.scale.sd * np.sqrt(np.diag(information))
        side = settled(information @ self.beta + score, size)
        told = {"right_hand_side": NO_NOISE, "information": self.noise.shown}
        return Sums(
            tallies={"right_hand_side": labelled(labels, side)},
            forms={"information": Form(tuple(labels), information)},
            noise=self.noise.noisy.told(told),
        )


def own_estimates(
    likelihood: Likelihood, asked: Asked, first: Cleared | None, policy: Policy
) -> Sums | str:
    """Return what a site tells of its own unpenalised estimates, slopes only, as tallies that add.

    With d the estimates less the pooled ones and w their inverse variances: 1, w, w d, w d^2 and
    w^2 (see ``inference.heterogeneity``). Where there are none to tell, the code that says why:
    one of ``tables.WHY_NOT``.

    Parameters
    ----------
    first
        The evaluation at the pooled estimates, if it was made.
    """
    pooled, labels, told = asked.beta, asked.labels, True
    if not likelihood.fewest > 0:
        return "BAD_OUTCOME"
    begin, known = _beginning(likelihood, pooled, first, policy)

    def at(beta: Array) -> Evaluation:
        nonlocal told
        point = likelihood.at(beta)
        told = may_tell(point, policy)
        return point.unchecked()

    slopes = [i for i, label in enumerate(labels) if label.partition("/")[0] != INTERCEPT]
    spread = None
    if not likelihood.quadratic:
        spread = column_spread(known.information, len(labels) - len(slopes), likelihood.weight)
    free = np.zeros(len(pooled))
    try:
        own = optimum(at, begin, free, likelihood.fewest, first=known, spread=spread)
    except SingularError:
        return "SINGULAR"
    if own.infinite:
        return "SEPARATION"
    if not told:
        return "COEFFICIENT_RANGE"
    if own.covariance is None:
        return "NOT_CONVERGED"
    noisy = _with_noise(likelihood, own.beta, own.covariance, policy)
    if isinstance(noisy, str):
        return noisy
    beta, variance, blurred = noisy
    names = [labels[i] for i in slopes]
    found = differences(names, settled(beta - pooled, blurred)[slopes], 1 / variance[slopes])
    return replace(found, noise=likelihood.noisy.told(set(found.tallies) - {"own_sites"}))


def _beginning(
    likelihood: Likelihood, pooled: Array, first: Cleared | None, policy: Policy
) -> tuple[Array, Evaluation]:
    """Return where a search for the own estimates begins, and the evaluation there.

    With noise where nobody can choose it: which searches fail would tell exact sums at the point.
    """
    if likelihood.noisy.on:
        origin = likelihood.origin
        begin = np.zeros(len(pooled)) if origin is None else origin
        return begin, likelihood.at(begin).unchecked()
    if first is None:
        # redundant: the step has checked this point, where it told sums at each event time
        first = check(likelihood.at(pooled), policy).evaluation
    return pooled, first


def _with_noise(
    likelihood: Likelihood, beta: Array, covariance: Array, policy: Policy
) -> tuple[Array, Array, Array] | str:
    """Return a site's estimates, their variances and the sd of their noise, or why there are none.

    They are from the quadratic at the estimates. Its noise is that of an evaluation there: of the
    same rows and columns it is drawn once. It may make the information singular.
    """
    if not likelihood.noisy.on:
        return beta, np.diag(covariance), np.zeros(len(beta))
    at, question = likelihood.asked(beta)
    try:
        # redundant: own_estimates has asked whether this point may be told of, a grid's width away
        here = check(likelihood.at(at), policy)
        noise = likelihood.noise_at(here, question)
        score, information = noise.block(here.evaluation.score, here.evaluation.information)
        covariance = inverse(information)
    except (RefusalError, SingularError) as error:
        return "SINGULAR" if isinstance(error, SingularError) else "COEFFICIENT_RANGE"
    variance = np.diag(covariance)
    variance = settled(variance, DIGITS * variance)  # the order of columns does not show
    return at + covariance @ score, variance, noise.scale.sd * np.sqrt(variance)


def differences(names: Sequence[str], deviation: Array, weight: Array) -> Sums:
    """Return the sums of ``inference.heterogeneity``, of one site, as tallies that add."""
    named = {
        "own_sites": np.ones(len(names)),
        "own_weight": weight,
        "own_shifted": weight * deviation,
        "own_squares": weight * deviation**2,
        "own_weight_squares": weight**2,
    }
    return Sums(tallies={name: labelled(names, values) for name, values in named.items()})


def why_not(code: str, place: Place) -> Sums:
    """Return a site's own answer that it has no estimates to tell, and why."""
    return Sums(tallies={f"site/{place.index}/own_missing": {code: 1.0}})
