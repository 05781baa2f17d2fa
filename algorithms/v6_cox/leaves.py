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
    "scores, times columns, times pairs of columns"
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
        "likelihood": "log partial likelihood at the coefficients asked about",
        "score": "per column: its derivative",
        "information": "per pair of columns: its second derivative",
        "time_sum": "last round: the sum of the event times, of their logarithms, or (km) of "
        "the share that has failed before, by the site's Kaplan-Meier estimate",
        "score_g": "last round, per column: the score with each event weighted by its time",
        "information_g": "last round, per pair of columns: the information weighted by time",
        "information_gg": "last round, per pair of columns: weighted by squared time",
        "pairs": "last round: concordant pairs of rows, tied ones counted half, and all comparable",
        "meat": f"last round, {_MEAT}",
        **OWN,
        "site": "last round, with a horizon: the site's cumulative hazard and rows that remain, by "
        "stratum, on a fixed grid; between two points shown 0 or at least V6C_MIN_CELL rows die, "
        "leave and enter; " + OWN["site"],
        **CLUSTERS,
    },
}

# Besides, with baseline="exact", where V6C_ALLOW_EVENT_TIMES is on: event times, and sums at each.
EXACT_LEAVES = {
    "start": {"times": "the site's event times, by stratum"},
    "evaluate": {
        "risk_sums": _RISK_SUMS,
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
SQUARES |= {"null_information", "information_gg"}

# When a step is asked.
ROUNDS = {
    "describe": "round 1, only with scale() or a spline without knots",
    "start": "the first round, but for that",
    "evaluate": "every other round; the last one also asks for what the tables need",
}
