"""A linear regression from what ``start`` tells: the sum of the sites' quadratics is all of it.

The squared residuals at b are c - 2 v'b + b'Hb, in which large means cost digits. Where these are
wanted, ``evaluate`` is asked for: at the optimum it tells small numbers themselves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import Evaluation, Noise, SingularError, propose
from v6_clinical.protocol.analysis import Reply
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.centre.design import Design
from v6_clinical.regression.centre.fit import Fit, converged_fit
from v6_clinical.regression.centre.plan import count_rows, full_labels, unshift
from v6_clinical.regression.glm.fitting import Fitting
from v6_clinical.regression.glm.linear_own import OWN_CODING, coding_key
from v6_clinical.regression.leaves import OWN
from v6_clinical.regression.messages import read_noise

ROUNDING: Final = 2.0**-50
# What rounding may do to squared residuals, and to an estimate in its standard errors.
DIGITS, STEP = 1e-10, 1e-8
OWN_TALLIES: Final = frozenset(OWN) - {"site"}


def one_round(fitting: Fitting, reply: Reply) -> Fit | None:
    """Return the fit, or None where ``evaluate`` must tell more.

    That is with robust errors, where large means leave too few digits, and where columns determine
    each other or noise hides that they do not.
    """
    total, design, state = reply.total, fitting.design, fitting.state
    if fitting.robust and not fitting.leverage:
        return None
    beta, squares = state.point, _Squares(design, total)
    left, null = squares.at(beta), _null_squares(fitting, total)
    if left is None or null is None:
        return None
    found = Evaluation(-left / 2, squares.score(beta), squares.information, squares.noise)
    try:
        proposal = propose(found.penalised(beta, fitting.penalty))
    except SingularError:
        return None
    sigma = (left / count_rows(total)) ** 0.5
    if squares.error(beta, proposal.standard_error) > STEP * sigma:
        return None
    fitting.null.tell(-null / 2)
    state.home = None
    state.accept(found.penalised(beta, fitting.penalty))
    fit = converged_fit(found, beta, state, proposal, reply)
    return replace(fit, total=_as_last(design, total, -2 * fit.log_likelihood))


class _Squares:
    """Squared residuals as a function of the fitted parameters."""

    def __init__(self, design: Design, total: Sums) -> None:
        labels, self._raw = full_labels(design), unshift(design)
        self._side = total.vector("right_hand_side", labels)
        self._matrix = total.form("information", labels)
        self._at_zero = float(total.get("outcome_squares", (1,))[0])
        self.information = self._raw.T @ self._matrix @ self._raw
        told = read_noise(total, labels)
        self.noise: Noise | None = None
        if told is not None:
            self.noise = replace(told, score=self._raw.T @ told.score @ self._raw)

    def at(self, beta: Array) -> float | None:
        """Return them, None where rounding has left too few digits."""
        b = self._raw @ beta
        found = self._at_zero - float(b @ (2 * self._side - self._matrix @ b))
        of = abs(self._at_zero) + float(np.abs(b) @ self._size(b))
        return found if ROUNDING * of < DIGITS * found else None

    def score(self, beta: Array) -> Array:
        """Return half of their derivative, sign reversed."""
        return np.asarray(self._raw.T @ (self._side - self._matrix @ (self._raw @ beta)))

    def error(self, beta: Array, standard_error: Array) -> float:
        """Return about by how many standard errors of a dispersion of 1 rounding moves estimates.

        Parameters
        ----------
        standard_error
            Of the estimates, shape (k,).
        """
        side = np.abs(self._raw).T @ self._size(self._raw @ beta) * ROUNDING
        return float(side @ standard_error)

    def _size(self, b: Array) -> Array:
        """Return how large the parts of the normal equations are."""
        return np.asarray(np.abs(self._side) + np.abs(self._matrix) @ np.abs(b))


def _null_squares(fitting: Fitting, total: Sums) -> float | None:
    """Return the squared residuals of the null model, None where too few digits are left."""
    information, side = total.get("null", (2,)).tolist()
    at_zero = float(total.get("null_squares", (1,))[0])
    if not fitting.null.df:
        return at_zero
    found = at_zero - side**2 / information
    return found if ROUNDING * abs(at_zero) < DIGITS * found else None


def _as_last(design: Design, total: Sums, squares: float) -> Sums:
    """Return the sums with what tables read of those of the last round."""
    tallies: dict[str, Any] = dict(total.tallies)
    key = coding_key(design.raw.names)
    for name in OWN_TALLIES:
        if f"{name}/{key}" in tallies:
            tallies[name] = tallies[f"{name}/{key}"]
    for name, tally in total.tallies.items():
        first, _, last = name.rpartition("/")
        if last == OWN_CODING and key not in tally:  # it lacks a level
            tallies[f"{first}/own_missing"] = {"SINGULAR": 1.0}
    arrays = {**total.arrays, "pearson": np.array([squares])}
    return Sums(arrays, tallies, total.forms)
