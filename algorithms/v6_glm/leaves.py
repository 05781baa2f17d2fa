"""Every number that leaves a site, by step: the first part of its name, and what it is."""

from v6_clinical.regression import leaves as shared
from v6_clinical.regression.glm import leaves as glm
from v6_clinical.regression.glm.leaves import ROUNDS
from v6_clinical.regression.leaves import COUNTS, LEVELS

__all__ = ["COUNTS", "LEAVES", "LEVELS", "ROUNDS", "SQUARES"]

_ROWS = {
    "rows": "rows used and dropped, sum of the outcome, sum of weights, sum of weights times the "
    "outcome"
}
_START = {
    "information": shared.START["information"].replace("at 0", "at the outcome's mean"),
    "right_hand_side": glm.LEAVES["start"]["right_hand_side"].replace(
        "(under", "(poisson and logit, under"
    ),
    "null": "gaussian, or with an offset: the same two numbers of the null model",
}
_EVALUATE = {
    "likelihood": "log-likelihood at the coefficients asked about, of a dispersion of 1, less "
    "what does not depend on them",
    "null": "gaussian, or with an offset: log-likelihood, score and information of the null model",
    "expected": "links that are not canonical, last round: per pair of columns, the expected "
    "second derivative",
    "constants": "last round: sums of log y! and y log y - y (poisson), of log y (gamma), of half "
    "the log of the weights (gaussian)",
    "pearson": "gaussian and gamma, last round: sum of squared Pearson residuals",
}
LEAVES = {
    "describe": glm.LEAVES["describe"] | _ROWS,
    "start": glm.LEAVES["start"] | _ROWS | _START,
    "evaluate": glm.LEAVES["evaluate"] | _ROWS | _EVALUATE,
}

# The outcome, and so its sum among the rows, may be negative.
SQUARES = (shared.SQUARES - {"rows"}) | {"expected", "pearson"}
