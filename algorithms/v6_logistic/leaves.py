"""Every number that leaves a site, by step: the first part of its name, and what it is."""

from v6_clinical.regression.leaves import (
    CLUSTERS,
    COUNTS,
    DESCRIBE,
    LEVELS,
    OWN,
    ROWS,
    SQUARES,
    START,
    TOTAL,
)

__all__ = ["COUNTS", "LEAVES", "LEVELS", "ROUNDS", "SQUARES"]

LEAVES = {
    "describe": DESCRIBE,
    "start": {
        **START,
        "tangent": START["tangent"] + ", less what the quadratic is expected to miss (under 40,000 "
        "rows, V6C_ALLOW_PER_SITE on)",
        "null": "with an offset: the same two numbers of the null model",
        "null_sites": "with site_effect and no offset: log-likelihood of the site's own intercept",
    },
    "evaluate": {
        **ROWS,
        **TOTAL,
        "likelihood": "log-likelihood at the coefficients asked about",
        "score": "per column: its derivative",
        "information": "per pair of columns: its second derivative",
        "null": "with an offset: log-likelihood, score and information of the null model",
        "brier": "last round: sum of squared differences of outcome and risk",
        "pairs": "last round: concordant pairs of an event and a non-event, tied ones counted as "
        "half, and all",
        "risks": "last round: cumulative counts of risks by outcome, least and greatest, and sums "
        "of risks, on a fixed grid; cells hold 0 or at least V6C_MIN_CELL rows of each outcome",
        "expected": "last round: sum of risks",
        "meat": "robust errors, last round: per pair of columns, sum of products of score rows",
        **CLUSTERS,
        **OWN,
    },
}

SQUARES |= {"brier", "risks", "expected"}

# When a step is asked.
ROUNDS = {
    "describe": "round 1, only with scale() or a spline without knots",
    "start": "the first round, but for describe",
    "evaluate": "every other round; the last one also asks for what the tables need",
}
