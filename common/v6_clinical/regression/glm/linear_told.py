"""What a site tells beside its quadratic where that is the whole log-likelihood: linear regression.

With H = sum w x x' and v = sum w (y - offset) x, sum w (y - offset - x b)^2 is c - 2 v'b + b'Hb for
all b: c, told beside H and v, makes the fit one round. So it is for the null model. The site's own
estimates follow from H and v, and are told as they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from v6_clinical.labels import places
from v6_clinical.model.coding import INTERCEPT, coding
from v6_clinical.model.design import Coding
from v6_clinical.model.errors import FormulaError
from v6_clinical.numerics.arrays import Array
from v6_clinical.numerics.newton import SingularError, inverse
from v6_clinical.protocol.analysis import Place
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.glm.likelihood import GainFrom, Point
from v6_clinical.regression.glm.linear_own import OWN_CODING, coding_key
from v6_clinical.regression.glm.null_told import constant_sums
from v6_clinical.regression.question import Model
from v6_clinical.regression.site.guard import squares_to_tell
from v6_clinical.regression.site.own_fit import Quadratic, differences, site_labels, why_not

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy
    from v6_clinical.regression.glm.site_likelihood import GLMLikelihood


def linear_sums(likelihood: GLMLikelihood, first: Quadratic, policy: Policy) -> Sums:
    """Return c of the model and of the null model, and the constants of the likelihood.

    Their difference has the noise of what the model gains only: R-squared and F are made of it.

    Raises
    ------
    RefusalError
        ``COEFFICIENT_RANGE`` where squared residuals are those of few rows; R9.
    """
    data, noise, noisy = likelihood.data, first.noise, likelihood.noisy
    intercept = likelihood.cases.null_intercept(likelihood.alone.data)
    null = likelihood.null_at(intercept, policy)
    point = Point(data, first.beta, GainFrom(null.at, clusters=noisy.clusters))
    squares = squares_to_tell(data.family.pearson(data.outcome, data.weights, point.eta), policy)
    gain = 2 * noise.number("likelihood", point.parts.gain, point.parts.parts)
    told, (score, information) = noise.sum("outcome_squares", squares), first.told
    rest = float(first.beta @ (information @ first.beta + 2 * score))
    features = data.family.features(data.outcome, data.weights).T
    found = {
        "outcome_squares": [told + rest],
        "null_squares": [told + gain + null.rest],
        "constants": constant_sums(noisy, features),
    }
    sums = Sums({k: np.array(v) for k, v in found.items()}, noise=noisy.told([*found]))
    return null.sums() + sums


def own_sums(
    likelihood: GLMLikelihood,
    labels: Sequence[str],
    first: Quadratic,
    place: Place,
) -> Sums:
    """Return the site's own estimates, as they follow from what is told; slopes only.

    They are those of the coding that all sites agree on if the site's levels are those of all,
    which the centre can tell: it is named beside them. Where a level is missing there are none.
    """
    cases = likelihood.cases
    agreed = _own_coding(cases.question.model, cases.rows.levels)
    if agreed is None:
        return why_not("SINGULAR", place)
    known = site_labels(agreed.full_names, cases.question.site_effect, place.index)
    at = [labels.index(label) for label in known if label in labels]
    if len(at) < len(known):
        return why_not("SINGULAR", place)
    score, information = first.told
    side = (information @ first.beta + score)[at]
    try:
        beta, variance = _solved(information[np.ix_(at, at)], side, cases.question.model.intercept)
    except SingularError:
        return why_not("SINGULAR", place)
    slopes = [k for k, name in enumerate(agreed.names) if name != INTERCEPT]
    names = [agreed.names[k] for k in slopes]
    found = differences(names, beta[slopes], 1 / variance[slopes])
    key = coding_key(agreed.names)
    tallies: dict[str, Any] = {f"{name}/{key}": tally for name, tally in found.tallies.items()}
    noise = likelihood.noisy.told([name for name in tallies if not name.startswith("own_sites")])
    tallies[f"site/{place.index}/{OWN_CODING}"] = {key: 1.0}
    return replace(found, tallies=tallies, noise=noise)


def _solved(information: Array, side: Array, intercept: bool) -> tuple[Array, Array]:
    """Return the estimates of normal equations and their variances, of a dispersion of 1.

    Columns are taken about their means, of which large ones cost digits.
    """
    about = np.eye(len(side))
    if intercept and len(side):
        if not information[0, 0] > 0:
            raise SingularError([0])
        about[0, 1:] = -information[0, 1:] / information[0, 0]
    covariance = inverse(about.T @ information @ about)
    beta = about @ (covariance @ (about.T @ side))
    return beta, np.diag(about @ covariance @ about.T)


def _own_coding(model: Model, present: dict[str, tuple[str, ...]]) -> Coding | None:
    """Return the agreed coding if the site's levels are those of all sites; None without one."""
    levels = {**present, **{k: model.levels[k] for k in present if k in model.levels}}
    references = {}
    for column, reference in model.references.items():
        (place,) = places([reference], levels.get(column, ()))
        if place < 0:
            return None
        references[column] = levels[column][place]
    try:
        return coding(model.read_terms(), levels, references, model.intercept)
    except FormulaError:
        return None
