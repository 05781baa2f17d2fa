"""What a regression brings to a site: the likelihood of its rows at a point.

The steps of :mod:`v6_clinical.regression.site.steps` do the rest, in one order for all: read,
check, compute, tell.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.protocol.analysis import Place
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.site.guard import Checked, Cleared, Point, check
from v6_clinical.regression.site.noise import OFF, QUIET, NoiseAt, Noisy
from v6_clinical.regression.site.own_fit import Quadratic, RidgeOptimum

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


@dataclass(frozen=True)
class Asked:
    """Where a site is asked to evaluate its likelihood, p columns.

    Parameters
    ----------
    beta, shift
        Coefficients, and what is taken off the columns, shape (p,) each.
    question
        What stands for the coefficients, see ``Likelihood.asked``.
    labels
        Of the p parameters in the site's sums.
    mean, reach
        The shifted columns' means, and the largest distance of a row from each, shape (p,).
    """

    beta: Array
    shift: Array
    labels: tuple[str, ...]
    mean: Array
    reach: Array
    question: bytes = b""


class Told(ABC):
    """What has been told of a point, and what a report goes on from."""

    sums: Sums
    evaluation: Cleared | None

    @abstractmethod
    def report(self, policy: Policy, place: Place) -> Sums:
        """Return what the tables need besides, at the last point."""


class Likelihood(ABC):
    """The likelihood of a site's rows."""

    noisy: Noisy = OFF

    def at_null(self, gram: Array, clusters: Index | None) -> tuple[Self, Array]:
        """Return the likelihood with its rows at their null model, and their leverages there.

        Not of one that is ``Cases.centred``.

        Parameters
        ----------
        gram
            The sum of w x x' of the design, shape (p, p); w the case weights, or 1 where there is
            an offset.
        clusters
            Codes of patients of several rows, shape (n,).
        """
        raise NotImplementedError

    def with_noise(self, noisy: Noisy) -> Self:
        """Return the likelihood with the noise of what is told of it."""
        return self

    def asked(self, beta: Array) -> tuple[Array, bytes]:
        """Return where it is evaluated when asked at ``beta``, shape (p,), and what stands for it.

        With noise that is the nearest point of a grid: two questions are the same, or far enough
        apart that nothing is learnt from the difference.
        """
        return self.noisy.asked(beta)

    def noise_at(self, here: Checked[Any], question: bytes) -> NoiseAt:
        """Return the noise of what is told at a point; none by default."""
        return QUIET

    @property
    @abstractmethod
    def fewest(self) -> float:
        """Rows of the smaller outcome class, or events: what estimates rest on."""

    @property
    @abstractmethod
    def weight(self) -> float:
        """About the sum of the weights in the information, where no intercept tells it."""

    @property
    def quadratic(self) -> bool:
        """Whether the log-likelihood is quadratic: no step of Newton's method is then too long."""
        return False

    @property
    def origin(self) -> Array | None:
        """Where the quadratic is taken if it may not be at the own optimum; None for 0."""
        return None

    @abstractmethod
    def at(self, beta: Array) -> Point:
        """Return the point at coefficients ``beta``, shape (p,)."""

    def point(self, asked: Asked, policy: Policy) -> Point:
        """Return the point that is asked about, with all that is told of it; R9 of other points."""
        return self.at(asked.beta)

    @abstractmethod
    def ridge_optimum(self) -> RidgeOptimum:
        """Return about the optimum under a weak ridge.

        Raises
        ------
        SingularError
            If the information under the ridge has no inverse.
        """

    def own_quadratic(self, own: RidgeOptimum, policy: Policy, place: Place) -> Quadratic:
        """Return the quadratic at the site's own optimum.

        Raises
        ------
        RefusalError
            ``COEFFICIENT_RANGE``: then the quadratic at 0 is sent.
        SingularError
            The same.
        """
        beta, question = self.asked(own.beta)
        here = check(self.at(beta), policy)
        return Quadratic(here.evaluation, beta, noise=self.noise_at(here, question))

    def whole_sums(
        self, labels: tuple[str, ...], first: Quadratic, policy: Policy, place: Place
    ) -> Sums:
        """Return what makes the quadratic the whole log-likelihood, where it is quadratic."""
        return Sums()

    @property
    def tells_null(self) -> bool:
        """Whether ``start`` tells the evaluation at coefficients of 0."""
        return False

    def opening_sums(self, labels: tuple[str, ...], null: Cleared | None, policy: Policy) -> Sums:
        """Return what ``start`` sends besides; ``null`` is the evaluation at 0 if it was made."""
        return Sums()

    @abstractmethod
    def tell(self, here: Checked[Any], asked: Asked, policy: Policy) -> Told:
        """Return what ``evaluate`` sends of a point."""
