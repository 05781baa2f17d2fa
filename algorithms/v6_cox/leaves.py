"""Every number that leaves a site, by step: the first part of its name, and what it is."""

_ROWS = "rows used and dropped, events, sum of weights, sum of weights of events"
_COLUMNS = {
    "column_sum": "per column: its sum",
    "column_within": "per column: squares about the site's mean",
    "column_squares": "per column: n times the squared mean",
}
_TOTAL = "the sum of all design columns, to notice that data have changed"
_MEAT = "robust errors: per pair of columns, sum of products of score residuals"
_RISK_SUMS = (
    "per event time of the federation: sums over the rows at risk and over those that die of risk "
    "scores, times columns, times pairs of columns"
)
_OWN = {
    "own_sites": "last round, per column: 1 if the site has estimates of its own",
    "own_weight": "last round, per column: inverse variance of the site's own estimate",
    "own_shifted": "last round, per column: that times the estimate less the pooled one",
    "own_squares": "last round, per column: that times the squared difference",
    "own_weight_squares": "last round, per column: the squared inverse variance",
}

LEAVES = {
    "describe": {"rows": _ROWS, **_COLUMNS},
    "start": {
        "rows": _ROWS,
        "kind": "per predictor: 1 under numbers or categories",
        "level": "per categorical predictor: its levels, each with enough rows (none: codebook)",
        **_COLUMNS,
        "curvature": "information at the optimum of the site's own ridge fit (V6C_ALLOW_PER_SITE "
        "off: at 0)",
        "tangent": "that information times the optimum, plus the score there",
        "null_likelihood": "log partial likelihood at coefficients of 0",
        "null_score": "per column: its derivative",
        "null_information": "per pair of columns: its second derivative",
    },
    "evaluate": {
        "rows": _ROWS,
        "column_total": _TOTAL,
        "likelihood": "log partial likelihood at the coefficients asked about",
        "score": "per column: its derivative",
        "information": "per pair of columns: its second derivative",
        "event_times": "last round: the sum of the event times, or of their logarithms",
        "score_g": "last round, per column: the score with each event weighted by its time",
        "information_g": "last round, per pair of columns: the information weighted by time",
        "information_gg": "last round, per pair of columns: weighted by squared time",
        "pairs": "last round: concordant, discordant and tied pairs of rows",
        "meat": f"last round, {_MEAT}",
        "site": "last round, with a horizon: the site's cumulative hazard and rows that remain, by "
        "stratum, on a fixed grid; between two points shown 0 or at least V6C_MIN_CELL rows die, "
        "leave and enter",
        **_OWN,
    },
}

# Besides, with baseline="exact", where V6C_ALLOW_EVENT_TIMES is on: event times, and sums at each.
EXACT_LEAVES = {
    "times": {"rows": _ROWS, "times": "the site's event times, by stratum"},
    "evaluate": {
        "risk_sums": _RISK_SUMS,
        "null_sums": "first evaluation: the same at coefficients of 0",
        "remaining": "last round, with a horizon: rows that remain at a fixed grid of times, where "
        "the site may show them",
    },
    "residuals": {"rows": _ROWS, "column_total": _TOTAL, "meat": _MEAT},
}
LEAVES = {
    step: LEAVES.get(step, {}) | EXACT_LEAVES.get(step, {})
    for step in ("describe", "times", "start", "evaluate", "residuals")
}
