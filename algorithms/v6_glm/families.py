"""The likelihood of each family and link."""

from __future__ import annotations

from typing import Final

from v6_clinical.regression.families import binomial_links as links
from v6_clinical.regression.families.binomial import Binomial
from v6_clinical.regression.families.family import Family
from v6_clinical.regression.families.gamma import GAMMA, INVERSE_GAMMA
from v6_clinical.regression.families.gaussian import GAUSSIAN
from v6_clinical.regression.families.poisson import POISSON


class Logit(Binomial):
    """Outcomes of 0 and 1 with the logit link; the ratio's name is that of all families."""

    ratio = ("ratio", "ratio")


FAMILIES: Final[dict[tuple[str, str], Family]] = {
    ("gaussian", "identity"): GAUSSIAN,
    ("poisson", "log"): POISSON,
    ("gamma", "log"): GAMMA,
    ("gamma", "inverse"): INVERSE_GAMMA,
    ("binomial", "logit"): Logit(),
    ("binomial", "probit"): links.PROBIT,
    ("binomial", "cloglog"): links.COMPLEMENTARY_LOG_LOG,
    ("binomial", "log"): links.LOG,
    ("binomial", "identity"): links.IDENTITY,
}
