"""What leaves a site in every regression of single rows, by step; families may add to it."""

from v6_clinical.regression.leaves import CLUSTERS, DESCRIBE, OWN, ROWS, START

LEAVES = {
    "describe": DESCRIBE,
    "start": {
        **START,
        "right_hand_side": START["right_hand_side"]
        + ", less what the quadratic is expected to miss (under 40,000 "
        "rows, V6C_ALLOW_PER_SITE on)",
        "null": "with an offset: the same two numbers of the null model",
        "null_sites": "with site_effect and no offset: log-likelihood of the site's own intercept",
    },
    "evaluate": {
        **ROWS,
        "likelihood": "log-likelihood at the coefficients asked about less that of the null model",
        "score": "per column: its derivative",
        "information": "per pair of columns: its second derivative",
        "null": "with an offset: score and information of the null model, and its log-likelihood "
        "less that of the null model that differences are from",
        "null_likelihood": "with an offset: the log-likelihood that differences are from",
        "meat": "robust errors, last round: per pair of columns, sum of products of score rows",
        **CLUSTERS,
        **OWN,
    },
}

# When a step is asked.
ROUNDS = {
    "describe": "round 1, only with scale() or a spline without knots",
    "start": "the first round, but for describe",
    "evaluate": "every other round; the last one also asks for what the tables need",
}
