"""Every number that leaves a site, by step: the first part of its name, and what it is."""

from v6_clinical.regression import leaves as shared
from v6_clinical.regression.glm import leaves as glm
from v6_clinical.regression.glm.leaves import ROUNDS
from v6_clinical.regression.leaves import COUNTS, EXACT, LEVELS

__all__ = ["COUNTS", "EXACT", "LEAVES", "LEVELS", "ROUNDS", "SQUARES"]

_ROWS = {
    "rows": "rows used and dropped and, binomial, those with an outcome of 1",
    "outcome": "not binomial: sum of the outcome",
    "weights": "with weights: their sum, and that of weights times the outcome",
}
_START = {
    "information": shared.START["information"].replace("at 0", "at the outcome's mean"),
    "right_hand_side": glm.LEAVES["start"]["right_hand_side"].replace(
        "(under", "(poisson and logit, under"
    ),
    "null": "gaussian, or with an offset: the same two numbers of the null model",
    "outcome_squares": "gaussian: sum of w (y - offset)^2, the third number of a quadratic beside "
    "information and right_hand_side",
    "null_squares": "gaussian: the same beside null",
    "constants": "gaussian: sum of half the log of the weights",
    **{name: f"gaussian, {what.removeprefix('last round, ')}" for name, what in shared.OWN.items()},
    "own_shifted": "gaussian, per column: that times the estimate",
    "own_squares": "gaussian, per column: that times the squared estimate",
    "site": "gaussian: a code that says why the site has no estimates of its own, or one that "
    "stands for the columns that they are of",
}
_EVALUATE = {
    "likelihood": "log-likelihood at the coefficients asked about, of a dispersion of 1, less "
    "that of the null model",
    "null": "gaussian, or with an offset: score and information of the null model, and its "
    "log-likelihood less that of the null model that differences are from",
    "null_likelihood": "gaussian, or with an offset: the log-likelihood that differences are from",
    "expected": "links that are not canonical, last round: per pair of columns, the expected "
    "second derivative",
    "constants": "last round: sum of log y! (poisson), of log y (gamma), of half the log of the "
    "weights (gaussian); poisson and gamma: half of the null deviance",
    "pearson": "gaussian and gamma, last round: sum of squared Pearson residuals",
}
LEAVES = {
    "describe": glm.LEAVES["describe"] | _ROWS,
    "start": glm.LEAVES["start"] | _ROWS | _START,
    "evaluate": glm.LEAVES["evaluate"] | _ROWS | _EVALUATE,
}

# The outcome, and so its sum with weights, may be negative.
SQUARES = (shared.SQUARES - {"weights"}) | {"expected", "pearson"}
