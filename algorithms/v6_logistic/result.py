"""The result's tables: flat records, names as in R's broom, null where withheld or undefined."""

from __future__ import annotations

from typing import Any

from v6_clinical.disclosure.cells import Window
from v6_clinical.protocol.analysis import Outcome
from v6_clinical.regression.centre.fit import Fit
from v6_clinical.regression.counts import Counts
from v6_clinical.regression.glm import result as glm
from v6_clinical.regression.glm.fitting import Fitting
from v6_logistic.risk import RiskCounts, Risks, auc_bounds, calibration, roc

Record = dict[str, Any]

WIDEST_AUC = 0.01  # wider bounds are no estimate


def conclude(fitting: Fitting, fit: Fit, rounds: int, grid: Window | None) -> Outcome:
    """Return every table of the result and the warnings that belong to them."""
    area, tables = _risks(fit, grid)
    brier = float(fit.total["brier"][0]) / Counts.read(fit.total).weight
    found = []
    if area["auc"] is None:
        text = "The pooled AUC is not known to .01: see auc_low and auc_high, or auc_within for "
        text += "pairs within sites."
        found.append(("AUC_COARSE", text))
    record = glm.fit_record(fitting, fit) | {"brier": brier} | area
    return glm.conclude(fitting, fit, rounds, record, tables, found)


def _risks(fit: Fit, grid: Window | None) -> tuple[Record, dict[str, Any]]:
    """Return the AUC's columns of ``fit``, and ``calibration`` and ``roc``."""
    ordered, pairs = fit.total["pairs"].tolist()
    columns: Record = {
        "auc": None,
        "auc_low": None,
        "auc_high": None,
        "auc_within": ordered / pairs if pairs > 0 else None,
    }
    if grid is None:
        return columns, {"calibration": [], "roc": {}}
    counts = Counts.read(fit.total)
    others = counts.weight - counts.event_weight
    points, expected = grid.points(), float(fit.total["expected"][0])
    below = RiskCounts.read(fit.total.get("risks", (5, len(points))))
    risks = Risks(points, below, others, counts.event_weight, expected)
    found = auc_bounds(risks)
    if found is not None:
        columns["auc_low"], columns["auc_high"] = found
        if found[1] - found[0] <= WIDEST_AUC:
            columns["auc"] = sum(found) / 2
    return columns, {"calibration": calibration(risks), "roc": roc(risks)}
