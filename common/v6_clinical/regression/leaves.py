"""What leaves a site in every regression, by name; each analysis's ``leaves`` adds its own."""

ROWS = {
    "rows": "rows used and dropped, and rows with an event",
    "weights": "with weights: their sum, and that of events",
}
COLUMNS = {
    "column_sum": "per column: its sum",
    "column_within": "per column: squares about the site's mean",
    "column_squares": "per column: n times the squared mean",
}
DESCRIBE = ROWS | COLUMNS
START = {
    **ROWS,
    "kind": "per predictor, with event times per column of strata too: 1 under numbers, or under "
    "categories and the type that they are stored in",
    "level": "per categorical predictor: its levels, each with enough rows (none: codebook)",
    **COLUMNS,
    "information": "information at the optimum of the site's own ridge fit (V6C_ALLOW_PER_SITE "
    "off: at 0)",
    "right_hand_side": "of the normal equations: that information times the optimum, plus the "
    "score there",
}
CLUSTERS = {"clusters": "with a cluster, last round: how many clusters there are"}
OWN = {
    "own_sites": "last round, per column: 1 if the site has estimates of its own",
    "own_weight": "last round, per column: inverse variance of the site's own estimate",
    "own_shifted": "last round, per column: that times the estimate less the pooled one",
    "own_squares": "last round, per column: that times the squared difference",
    "own_weight_squares": "last round, per column: the squared inverse variance",
    "site": "last round: a code that says why the site has no estimates of its own",
}

# Whose numbers count something, and whose, of a form those on the diagonal, are never negative.
COUNTS = frozenset({"rows", "kind", "level", "own_sites", "own_missing", "own_coding", "clusters"})
# What has no noise: counts, levels, and why a site has no estimates.
EXACT = COUNTS
LEVELS = frozenset({"level"})
SQUARES = frozenset(
    {
        "weights",
        "column_within",
        "column_squares",
        "information",
        "meat",
        "pairs",
        "own_weight",
        "own_squares",
        "own_weight_squares",
    }
)
