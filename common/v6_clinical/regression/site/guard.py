"""The one way from a likelihood at a point to a message: through R9.

A :class:`Checked` point, and from it a :class:`Cleared` evaluation, is made by :func:`check` alone.
What writes an evaluation into a message takes nothing else, so no regression can send one that R9
has not let pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np

from v6_clinical.disclosure.blur import NO_NOISE
from v6_clinical.errors import RefusalError
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation
from v6_clinical.protocol.sums import Form, Sums, labelled
from v6_clinical.regression.site.noise import QUIET, NoiseAt

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


class Point(Protocol):
    """A site's likelihood at one vector of coefficients, n rows and p columns."""

    @property
    def predictor(self) -> Array:
        """The linear predictor, up to a constant; shape (n,)."""

    @property
    def residuals(self) -> Array:
        """What a row's covariates are multiplied by in the score, shape (n,)."""

    def row_weights(self, policy: Policy) -> Array:
        """Return what a row's covariates are weighted by in the information, shape (n,)."""

    def unchecked(self) -> Evaluation:
        """Return value, score and information, to be computed with; ``check`` lets them be told."""


P = TypeVar("P", bound=Point)


class Cleared(Evaluation):
    """An evaluation that R9 lets be told."""


@dataclass(frozen=True)
class Checked(Generic[P]):
    """A point that R9 lets be told of, made by ``check`` alone."""

    point: P

    @cached_property
    def evaluation(self) -> Cleared:
        """Value, score and information, computed when they are first asked for."""
        return self.clear(self.point.unchecked())

    def clear(self, found: Evaluation) -> Cleared:
        """Return an evaluation at this point that came with other sums as one to be told.

        Raises
        ------
        RefusalError
            ``COEFFICIENT_RANGE`` where it is no number: exponentials have overflowed.
        """
        whole = np.append(found.score, found.log_likelihood)
        if not (np.isfinite(whole).all() and np.isfinite(found.information).all()):
            raise RefusalError("COEFFICIENT_RANGE")
        return Cleared(found.log_likelihood, found.score, found.information)


def check(point: P, policy: Policy, *, meat: bool = False) -> Checked[P]:
    """R9: let a point be told of that does not aim at few patients.

    Parameters
    ----------
    meat
        Whether the sum of the products of score rows is told too.

    Raises
    ------
    RefusalError
        ``COEFFICIENT_RANGE``.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        policy.check_coefficients(point.predictor, point.row_weights(policy))
    policy.check_residuals(point.residuals, squared=meat)
    return Checked(point)


def may_tell(point: Point, policy: Policy) -> bool:
    """R9: tell whether a point may be told of."""
    try:
        check(point, policy)
    except RefusalError:
        return False
    return True


def may_add(rows: Array, policy: Policy) -> bool:
    """R9: tell whether the sum of covariates times these numbers, shape (n,), may be told."""
    try:
        policy.check_residuals(rows)
    except RefusalError:
        return False
    return True


def squares_to_tell(rows: Array, policy: Policy) -> Array:
    """Return these residuals' squares, shape (n,), whose sum may be told; R9.

    Raises
    ------
    RefusalError
        ``COEFFICIENT_RANGE`` where it is made of few of them.
    """
    policy.check_residuals(rows, squared=True)
    return np.square(rows)


def evaluation_sums(
    labels: Sequence[str],
    found: Cleared,
    prefix: str = "",
    likelihood: float | None = None,
    noise: NoiseAt = QUIET,
) -> Sums:
    """Return log-likelihood, score and information under their names.

    Parameters
    ----------
    likelihood
        What is told of the log-likelihood, with its noise; by default the evaluation's.
    """
    score, information = noise.block(found.score, found.information)
    value = found.log_likelihood if likelihood is None else likelihood
    names = [f"{prefix}{name}" for name in ("likelihood", "score", "information")]
    return Sums(
        {names[0]: np.array([value])},
        {names[1]: labelled(labels, score)},
        {names[2]: Form(tuple(labels), information)},
        noise.noisy.told(dict(zip(names, (NO_NOISE, NO_NOISE, noise.shown), strict=True))),
    )
