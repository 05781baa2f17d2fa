"""Every number that leaves a site, by step: the first part of its name, and what it is."""

from v6_clinical.regression.leaves import (
    CLUSTERS,
    COUNTS,
    DESCRIBE,
    EXACT,
    LEVELS,
    OWN,
    ROWS,
    SQUARES,
    START,
)

__all__ = ["COUNTS", "EXACT", "LEAVES", "LEVELS", "ROUNDS", "SQUARES"]

_MEAT = "robust errors: per pair of columns, sum of products of score residuals"
_RISK_SUMS = (
    "per event time of the federation: sums over the rows at risk and over those that die of risk "
    "scores, times columns, times pairs of columns; exact, whatever V6C_BLUR"
)

LEAVES = {
    "describe": DESCRIBE,
    "start": {
        **START,
        "null_likelihood": "log partial likelihood at coefficients of 0",
        "null_score": "per column: its derivative",
        "null_information": "per pair of columns: its second derivative",
    },
    "evaluate": {
        **ROWS,
        "likelihood": "log partial likelihood at the coefficients asked about less that at 0",
        "score": "per column: its derivative",
        "information": "per pair of columns: its second derivative",
        "hazards_score": "last round, per column: the score, and that with each event weighted by "
        "its time, its logarithm, or (km) the share that has failed before, by the site's "
        "Kaplan-Meier estimate",
        "hazards_information": "last round, per pair of columns: the information, and weighted by "
        "time and by squared time",
        "pairs": "last round: concordant pairs of rows, tied ones counted half, and all comparable",
        "meat": f"last round, {_MEAT}",
        **OWN,
        "site": "last round, with a horizon: the site's cumulative hazard, with V6C_BLUR to three "
        "digits, and rows that remain, by stratum, on a fixed grid; between two points shown 0 or "
        "at least V6C_MIN_CELL rows die, leave and enter; " + OWN["site"],
        **CLUSTERS,
    },
}

# Besides, with baseline="exact", where V6C_ALLOW_EVENT_TIMES is on: event times, and sums at each.
EXACT_LEAVES = {
    "start": {"times": "the site's event times, by stratum"},
    "evaluate": {
        "risk_sums": f"{_RISK_SUMS}; {_MEAT}",
        "null_sums": "first evaluation: the same at coefficients of 0",
        "at_risk": "last round, with zph_transform='km': rows at risk at each event time",
        "remaining": "last round, with a horizon: rows that remain at a fixed grid of times, where "
        "the site may show them",
    },
}
LEAVES = {
    step: LEAVES.get(step, {}) | EXACT_LEAVES.get(step, {})
    for step in ("describe", "start", "evaluate")
}

COUNTS |= {"times", "at_risk", "remaining"}
SQUARES |= {"null_information", "hazards_information"}
# Sums at event times leave only where the site lets event times leave, from which they follow.
EXACT |= {"times", "at_risk", "remaining", "strata", "risk_sums", "null_sums"}

# When a step is asked.
ROUNDS = {
    "describe": "round 1, only with scale() or a spline without knots",
    "start": "the first round, but for that",
    "evaluate": "every other round; the last one also asks for what the tables need",
}
