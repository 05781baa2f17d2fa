"""The demo's numbers of another program on the pooled rows: lifelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from v6_clinical.face.contract import Record
from v6_clinical.face.demo import Beside, coefficients_beside

if TYPE_CHECKING:
    import pandas as pd


def beside(result: Record, pooled: pd.DataFrame) -> Beside:
    """Return the coefficients beside those of ``CoxPHFitter``, stratified by ``hospital``."""
    from lifelines import CoxPHFitter

    columns = ["age", "tsize", "horTh"]
    data = pooled[["time", "cens", "hospital", *columns]]
    data = data.assign(horTh=(pooled["horTh"] == "yes").astype(float))
    fitter = CoxPHFitter().fit(
        data, "time", "cens", strata=["hospital"], fit_options={"precision": 1e-12}
    )
    theirs = [float(fitter.params_[name]) for name in columns]
    return coefficients_beside(result, theirs, "lifelines", 1e-7)
