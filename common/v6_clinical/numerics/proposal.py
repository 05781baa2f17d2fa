"""A concave log-likelihood at one point, the noise declared of it, and the Newton step from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.whitening import LARGEST_CHANGE

SINGULAR = 1e-12  # smallest eigenvalue of the information scaled to a unit diagonal
# The same of noisy information, as a share of the noise e times the root of p. Noise itself leaves
# columns that determine each other as they are, and no matrix below half of the exact one; but each
# entry is rounded to 2^-10 of its noise, and a matrix of such errors has no larger eigenvalue.
ROUNDED = 0.002
ALONG, ALONG_IF_NOISY = 1e-4, 1e-2  # of the largest component of a null vector
BEYOND = 3.0  # standard deviations of its noise: a step that is longer is none of noise
USUAL = 3.09  # standard normal quantile of .999: a longer way is taken for none of noise


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
    quadratic sees it; ``standard_error`` has shape (p,). ``of_score`` is the covariance matrix of
    what noise in the score adds to the step, C N C for a score with noise of covariance N, shape
    (p, p), None without; ``e`` the relative noise of the information.
    """

    step: Array
    covariance: Array
    standard_error: Array
    size: float
    of_score: Array | None = None
    e: float = 0.0

    @property
    def noise(self) -> Array | None:
        """Covariance of the noise in where the step s ends, shape (p, p); None without.

        With the true information A = T T' the unit, a noisy one of I + E and a score of u + d z the
        step s solves (I + E) s = u + d z, so that what is left of the way u is E s - d z. The
        covariance of E s is e^2 |s|^2. C is noisy as well: the mean of (I + E)^-2 is that of
        (I + E)^-1 times about 1 + p e^2.
        """
        if self.of_score is None:
            return None
        length = float(self.step @ np.linalg.solve(self.covariance, self.step))
        wider = 1 + len(self.step) * self.e**2
        found: Array = wider * self.of_score + self.e**2 * length * self.covariance
        return found

    @property
    def by_score(self) -> Array:
        """Covariance of what the score's noise adds to the step, widened by the information's."""
        if self.of_score is None:
            return np.zeros_like(self.covariance)
        return np.asarray((1 + 2 * len(self.step) * self.e**2) * self.of_score)

    @property
    def precision(self) -> float:
        """The largest standard deviation of the noise, in standard errors; 0 without."""
        return float(np.max(self.noise_sd / self.standard_error, initial=0.0))

    @property
    def noise_sd(self) -> Array:
        """The standard deviation of the noise in where the step ends, shape (p,)."""
        noise = self.noise
        if noise is None:
            return np.zeros_like(self.step)
        return np.asarray(np.sqrt(np.maximum(np.diag(noise), 0.0)))

    @property
    def is_near_noise(self) -> bool:
        """Tell whether each step is within twice as much noise as one that is but noise."""
        if self.of_score is None:
            return False
        sd = np.sqrt(np.maximum(np.diag(self.by_score), 0.0))
        return bool((np.abs(self.step) < 2 * BEYOND * sd).all())

    def is_settled(self, tolerance: float) -> bool:
        """Tell whether each step is below the tolerance in standard errors, or all are but noise.

        Noise stands behind a step s twice: that of this score, and that of the one which led here.
        So s'V^-1 s is chi-square of p degrees of freedom times 2, V the covariance of either; and
        somewhat more as the information's noise, of norm E, makes some steps too long.
        """
        if self.of_score is None or self.size < tolerance:
            return self.size < tolerance
        p = len(self.step)
        norm = min(LARGEST_CHANGE, 2 * self.e * p**0.5)
        most = 2 * (1 + 2 * norm**2) * _largest_chi_square(p)
        either = most * self.of_score + tolerance**2 * self.covariance
        return float(self.step @ np.linalg.solve(either, self.step)) < 1


def _largest_chi_square(df: int) -> float:
    """Return about the .999 quantile of a chi-square: Wilson and Hilferty's approximation."""
    spread = 2 / (9 * df)
    return float(df * (1 - spread + USUAL * spread**0.5) ** 3)


def _relative_noise(p: int, e: float) -> float:
    """Return about the sd of the entries of E in T (I + E) T', shape (p, p), as its norm is cut.

    The norm of a symmetric matrix of such entries is about 2 e sqrt(p), less where p is small.
    """
    return min(e, LARGEST_CHANGE / 2 * (1 + 1.4 / p) / p**0.5) if p else e


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
    error, of_score = np.sqrt(np.diag(covariance)), None
    if evaluation.noise is not None:
        of_score = covariance @ evaluation.noise.score @ covariance
    size = float(np.max(np.abs(step) / error, initial=0.0))
    return Proposal(step, covariance, error, size, of_score, _relative_noise(len(step), e))
