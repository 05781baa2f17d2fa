"""Every number that leaves a site, by step: the first part of its name, and what it is."""

from v6_clinical.regression.glm import leaves as glm
from v6_clinical.regression.glm.leaves import ROUNDS
from v6_clinical.regression.leaves import COUNTS, EXACT, LEVELS, SQUARES

__all__ = ["COUNTS", "EXACT", "LEAVES", "LEVELS", "ROUNDS", "SQUARES"]

_REPORT = {
    "brier": "last round: sum of squared differences of outcome and risk",
    "pairs": "last round: concordant pairs of an event and a non-event, tied ones counted as "
    "half, and all",
    "risks": "last round: cumulative counts of risks by outcome, least and greatest, and sums "
    "of risks, on a fixed grid; cells hold 0 or at least V6C_MIN_CELL rows of each outcome",
    "expected": "last round: sum of risks",
}
LEAVES = glm.LEAVES | {"evaluate": glm.LEAVES["evaluate"] | _REPORT}

SQUARES |= {"brier", "risks", "expected"}
