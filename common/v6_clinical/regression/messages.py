"""An evaluation of a likelihood as the centre reads it; ``site.guard`` writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from v6_clinical.labels import Stored
from v6_clinical.numerics.newton import Evaluation, Noise
from v6_clinical.protocol.sums import Sums

# Without these a site with rows has not answered an evaluation.
EVALUATION = frozenset({"rows", "likelihood", "score", "information"})
# What a site says of a predictor: it holds numbers, or levels that are stored as text, numbers or
# true and false.
NUMBERS = "numbers"
LEVELS: Mapping[Stored, str] = {
    "text": "categories",
    "numbers": "categories stored as numbers",
    "booleans": "categories stored as true and false",
}


def read_evaluation(
    total: Sums, labels: Sequence[str], prefix: str = "", origin: float = 0.0
) -> Evaluation:
    """Return the pooled evaluation of the parameters with these labels.

    Parameters
    ----------
    origin
        The log-likelihood that the sites' differences begin at.
    """
    return Evaluation(
        float(total[f"{prefix}likelihood"][0]) + origin,
        total.vector(f"{prefix}score", labels),
        total.form(f"{prefix}information", labels),
        read_noise(total, labels, f"{prefix}information"),
    )


def read_noise(total: Sums, labels: Sequence[str], name: str = "information") -> Noise | None:
    """Return what the sites declare of a form's noise and of its score's; None where it is exact.

    ``Sums.total`` keeps it beside the form: the sum of d^2 times each site's form, and the largest
    d and e of any.
    """
    kept = f"noise/{name}"
    if kept not in total.forms:
        return None
    d, e = total[kept].tolist()
    return Noise(total.form(kept, labels), d, e)
