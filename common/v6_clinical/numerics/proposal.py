"""A concave log-likelihood at one point, the noise declared of it, and the Newton step from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from v6_clinical.numerics.arrays import Array

SINGULAR = 1e-12  # smallest eigenvalue of the information scaled to a unit diagonal
# The same of noisy information, as a share of the noise e times the root of p. Noise itself leaves
# columns that determine each other as they are, and no matrix below half of the exact one; but each
# entry is rounded to 2^-10 of its noise, and a matrix of such errors has no larger eigenvalue.
ROUNDED = 0.002
ALONG, ALONG_IF_NOISY = 1e-4, 1e-2  # of the largest component of a null vector
BEYOND = 3.0  # standard deviations of its noise: a step that is longer is none of noise


@dataclass(frozen=True)
class Noise:
    """What sites declare of the noise in the score and the information that they sent.

    Parameters
    ----------
    score
        Covariance matrix of the noise in the score: the sum of d_s^2 A_s over sites s, whose
        information is A_s; shape (p, p).
    d, e
        The largest of any site: standard deviations of the noise in the score and in the
        information, both in units of the site's own information.
    """

    score: Array
    d: float
    e: float


@dataclass(frozen=True)
class Evaluation:
    """A concave log-likelihood at one point: value, score (p,), information (p, p).

    ``noise`` is None where the numbers are exact.
    """

    log_likelihood: float
    score: Array
    information: Array
    noise: Noise | None = None

    def penalised(self, beta: Array, penalty: Array) -> Evaluation:
        """Return l - b'Pb/2 with its derivatives, P diagonal and given as (p,)."""
        return Evaluation(
            self.log_likelihood - float(beta @ (penalty * beta)) / 2,
            self.score - penalty * beta,
            self.information + np.diag(penalty),
            self.noise,
        )


class SingularError(ArithmeticError):
    """The information has no inverse; ``places`` are the parameters that determine each other."""

    def __init__(self, places: Sequence[int]) -> None:
        super().__init__("singular information")
        self.places = list(places)


def inverse(information: Array, e: float = 0.0) -> Array:
    """Return the inverse of a positive definite matrix, scaled by its diagonal on the way.

    Parameters
    ----------
    e
        Declared noise of the matrix, see ``Noise``.

    Raises
    ------
    SingularError
        Where the scaled matrix has an eigenvalue below ``SINGULAR``, or one that rounding of noisy
        entries makes of 0.
    """
    if not len(information):
        return information.copy()
    diagonal = np.diag(information)
    if not (diagonal > 0).all():
        raise SingularError(np.flatnonzero(~(diagonal > 0)).tolist())
    scale = 1 / np.sqrt(diagonal)
    scaled = information * np.outer(scale, scale)
    values, vectors = np.linalg.eigh(scaled)
    null = values < max(SINGULAR, ROUNDED * e * len(values) ** 0.5)
    if null.any():
        # a parameter belongs to the null space where the space has a component along it
        weight = np.sqrt((vectors[:, null] ** 2).sum(axis=1))
        least = ALONG_IF_NOISY if e else ALONG
        raise SingularError(np.flatnonzero(weight > least * weight.max()).tolist())
    # one step of iterative refinement: B (2 I - A B) halves the digits lost to the condition
    rough = (vectors / values) @ vectors.T
    refined = rough @ (2 * np.eye(len(scaled)) - scaled @ rough)
    found: Array = (refined + refined.T) / 2 * np.outer(scale, scale)
    return found


@dataclass(frozen=True)
class Proposal:
    """Where Newton's method would go from an evaluation.

    ``size`` is the largest step over its standard error, the distance to the optimum as the
    quadratic sees it; ``standard_error`` has shape (p,). ``noise`` is the covariance matrix of the
    step's own noise, C N C for a score with noise of covariance N, widened by that of the
    information, shape (p, p); None without.
    """

    step: Array
    covariance: Array
    standard_error: Array
    size: float
    noise: Array | None = None
    e: float = 0.0

    @property
    def precision(self) -> float:
        """The largest standard deviation of the step's noise, in standard errors; 0 without."""
        return float(np.max(self.noise_sd / self.standard_error, initial=0.0))

    @property
    def noise_sd(self) -> Array:
        """The standard deviation of the step's noise, shape (p,)."""
        if self.noise is None:
            return np.zeros_like(self.step)
        return np.asarray(np.sqrt(np.maximum(np.diag(self.noise), 0.0)))

    @property
    def is_near_noise(self) -> bool:
        """Tell whether each step is within twice as much noise as one that is but noise."""
        return bool((np.abs(self.step) < 2 * BEYOND * self.noise_sd).all())

    def is_settled(self, tolerance: float) -> bool:
        """Tell whether each step is below the tolerance in standard errors, or is but noise."""
        if self.noise is None:
            return self.size < tolerance
        least = np.maximum(tolerance * self.standard_error, BEYOND * self.noise_sd)
        return bool((np.abs(self.step) < least).all())


def _of_matrix(p: int, e: float) -> float:
    """Return by how much noise in a (p, p) matrix widens the variance of what it is solved for.

    Of a score's noise d T z, T T' = A, a solution holds d T^-T (I + E)^-1 z, of which C N C with
    the noisy matrix is the variance but for one of two factors (I + E)^-1. Their mean is about
    1 + p e^2, that of their squares 1 + 3 p e^2; no part of E is larger than a half.
    """
    return float(min(1 + 2 * p * e**2, 2.0))


def propose(evaluation: Evaluation) -> Proposal:
    """Return the Newton step of an evaluation.

    Raises
    ------
    SingularError
        If the information has no inverse.
    """
    e = 0.0 if evaluation.noise is None else evaluation.noise.e
    covariance = inverse(evaluation.information, e)
    step = covariance @ evaluation.score
    error, noise = np.sqrt(np.diag(covariance)), None
    if evaluation.noise is not None:
        wider = _of_matrix(len(step), e)
        noise = wider * covariance @ evaluation.noise.score @ covariance
    size = float(np.max(np.abs(step) / error, initial=0.0))
    return Proposal(step, covariance, error, size, noise, e)
