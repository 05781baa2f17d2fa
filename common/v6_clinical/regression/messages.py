"""An evaluation of a likelihood as the centre reads it; ``site.guard`` writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from v6_clinical.labels import Stored
from v6_clinical.numerics.newton import Evaluation
from v6_clinical.protocol.sums import Sums

# Without these a site with rows has not answered an evaluation.
EVALUATION = frozenset({"rows", "column_total", "likelihood", "score", "information"})
# What a site says of a predictor: it holds numbers, or levels that are stored as text, numbers or
# true and false.
NUMBERS = "numbers"
LEVELS: Mapping[Stored, str] = {
    "text": "categories",
    "numbers": "categories stored as numbers",
    "booleans": "categories stored as true and false",
}


def read_evaluation(total: Sums, labels: Sequence[str], prefix: str = "") -> Evaluation:
    """Return the pooled evaluation of the parameters with these labels."""
    return Evaluation(
        float(total[f"{prefix}likelihood"][0]),
        total.vector(f"{prefix}score", labels),
        total.form(f"{prefix}information", labels),
    )
