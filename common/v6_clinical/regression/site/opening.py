"""A site's first answers: what its columns hold, before levels are agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from v6_clinical.disclosure.survey import Survey, survey
from v6_clinical.errors import RefusalError
from v6_clinical.model.columns import CategoricalColumn, numbers_of
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.moments import needs_moments
from v6_clinical.protocol.sums import Noise, Sums, labelled
from v6_clinical.regression.messages import LEVELS, NUMBERS
from v6_clinical.regression.question import Model
from v6_clinical.regression.site.design import check_parameters
from v6_clinical.regression.site.noise import described
from v6_clinical.regression.site.rows import Rows

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy


def describe_columns(model: Model, rows: Rows) -> dict[str, Mapping[str, float]]:
    """Return the kind of each predictor, and levels that are not in the codebook, as tallies."""
    tallies: dict[str, Mapping[str, float]] = {}
    for name, column in rows.columns.items():
        kind = LEVELS[column.stored] if isinstance(column, CategoricalColumn) else NUMBERS
        tallies[f"kind/{name}"] = {kind: 1.0}
    for name, levels in rows.levels.items():
        if name not in model.levels:
            tallies[f"level/{name}"] = dict.fromkeys(levels, 1.0)
    return tallies


def describe_design(names: Sequence[str], about: Survey, rows: Rows, policy: Policy) -> Sums:
    """Return each column's sum, squares about the site's mean, and n mean^2, as tallies.

    With noise they follow from a mean and an sd that are drawn once for each column of the rows.
    """
    n, count = len(about.design), len(names)
    mean, sums, within = (x[:count] for x in (about.mean, about.sums, np.diag(about.products)))
    if policy.noise.on:
        told = described(about, count, policy.noise, rows.patients).told
        mean, sd = np.array(told).reshape(-1, 2).T
        sums, within = n * mean, n * sd**2
    found = {
        "column_sum": labelled(names, sums),
        "column_within": labelled(names, within),
        "column_squares": labelled(names, n * mean**2),
    }
    return Sums(tallies=found, noise=dict.fromkeys(found, Noise()) if policy.noise.on else {})


def describe_moments(model: Model, rows: Rows, policy: Policy) -> Sums:
    """Return the sums of the columns whose pooled moments sites must know to code the model.

    Raises
    ------
    RefusalError
        R7, R5: sums of a column that ``start`` would refuse are not sent before it either.
    """
    terms = model.read_terms()
    names = needs_moments(terms)
    if not rows.n:
        return Sums()
    try:
        check_parameters(terms, model, rows, policy)
    except FormulaError:
        raise RefusalError("BAD_REQUEST", ["terms"]) from None
    values = np.array([numbers_of(rows.columns[name], name) for name in names]).reshape(-1, rows.n)
    about = survey(values.T, cubes=policy.noise.on)
    policy.check_design(about, names, [False] * len(names))
    return describe_design(names, about, rows, policy)
