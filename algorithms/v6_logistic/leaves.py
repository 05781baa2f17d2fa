"""Every number that leaves a site, by step: the first part of its name, and what it is."""

_ROWS = "rows used and dropped, events, sum of weights, sum of weights of events"
_COLUMNS = {
    "column_sum": "per column: its sum",
    "column_within": "per column: squares about the site's mean",
    "column_squares": "per column: n times the squared mean",
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
        "null": "with an offset: the same two numbers of the null model",
    },
    "evaluate": {
        "rows": _ROWS,
        "column_total": "the sum of all design columns, to notice that data have changed",
        "likelihood": "log-likelihood at the coefficients asked about",
        "score": "per column: its derivative",
        "information": "per pair of columns: its second derivative",
        "null": "with an offset: log-likelihood, score and information of the null model",
        "brier": "last round: sum of squared differences of outcome and risk",
        "pairs": "last round: concordant, tied and all pairs of an event and a non-event",
        "risks": "last round: cumulative counts of risks by outcome, least and greatest, and sums "
        "of risks, on a fixed grid; cells hold 0 or at least V6C_MIN_CELL rows of each outcome",
        "expected": "last round: sum of risks",
        "meat": "robust errors, last round: per pair of columns, sum of products of score rows",
        "own_sites": "last round, per column: 1 if the site has estimates of its own",
        "own_weight": "last round, per column: inverse variance of the site's own estimate",
        "own_shifted": "last round, per column: that times the estimate less the pooled one",
        "own_squares": "last round, per column: that times the squared difference",
        "own_weight_squares": "last round, per column: the squared inverse variance",
    },
}
