"""The demo's numbers of another program on the pooled rows: statsmodels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from v6_clinical.face.contract import Record
from v6_clinical.face.demo import Beside, coefficients_beside

if TYPE_CHECKING:
    import pandas as pd


def beside(result: Record, pooled: pd.DataFrame) -> Beside:
    """Return the coefficients beside those of ``OLS``."""
    import statsmodels.api as sm

    data = pooled[["age", "pnodes"]].assign(horTh=pooled["horTh"] == "yes")
    fit = sm.OLS(pooled["tsize"], sm.add_constant(data.astype(float))).fit()
    return coefficients_beside(result, list(fit.params), "statsmodels", 1e-7)
