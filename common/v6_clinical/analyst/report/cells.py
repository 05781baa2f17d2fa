"""How names and numbers are written in the tables of a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from v6_clinical.analyst.figures.labels import ratio
from v6_clinical.face.contract import Record
from v6_clinical.face.terms import labels
from v6_clinical.face.words import DASH, p_value, site_name
from v6_clinical.protocol.registry import face_of


def number(value: float | None, digits: int = 4) -> str:
    """Return a number for reading; withheld or undefined is a dash."""
    if value is None:
        return DASH
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e9):
        return f"{value:,.0f}"
    return f"{value:,.1f}" if 1e4 <= abs(value) < 1e9 else f"{value:.{digits}g}"


def fixed(decimals: int, factor: float = 1.0, unit: str = "") -> Callable[[float | None], str]:
    """Return a writer of numbers with that many decimals."""

    def write(value: float | None) -> str:
        return DASH if value is None else f"{factor * value:,.{decimals}f}{unit}"

    return write


def word(value: Any) -> str:
    """Return a word, or a dash."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return DASH if value is None else str(value)


# How a column is written, by its name; what is not listed is a word or a number of four digits.
_WRITE: Final[dict[str, Callable[[Any], str]]] = {
    "p_value": p_value,
    "lr_p_value": p_value,
    "wald_p_value": p_value,
    "score_p_value": p_value,
    "i2": fixed(1, 100, "%"),
    "tau2": lambda value: number(value, 3),
    "percent": fixed(1),
    "smd": fixed(3),
    "suppressed": lambda value: "yes" if value else "",
    **dict.fromkeys(("q", "aic", "bic", "deviance", "null_deviance"), fixed(2)),
    **dict.fromkeys(("log_likelihood", "null_log_likelihood"), fixed(2)),
    **dict.fromkeys(("lr_statistic", "wald_statistic", "score_statistic", "statistic"), fixed(2)),
    **dict.fromkeys(("concordance", "brier", "mcfadden_r2", "r"), fixed(4)),
    **dict.fromkeys(("auc", "auc_low", "auc_high", "auc_within"), fixed(4)),
    **dict.fromkeys(("survival", "cumulative_hazard"), fixed(4)),
    **dict.fromkeys(("observed", "mean_predicted"), fixed(4)),
    **dict.fromkeys(("threshold", "false_positive_rate", "true_positive_rate"), fixed(4)),
}
_HEADS: Final = {
    "aic": "AIC",
    "auc": "AUC",
    "auc_high": "AUC, certainly at most",
    "auc_low": "AUC, certainly at least",
    "auc_within": "AUC of pairs within sites",
    "bic": "BIC",
    "brier": "Brier score",
    "conf_high": "high",
    "conf_low": "low",
    "df2": "df 2",
    "dropped": "incomplete rows",
    "i2": "I²",
    "k": "sites",
    "log_likelihood": "log-likelihood",
    "lr_df": "likelihood ratio test, df",
    "lr_p_value": "likelihood ratio test, P",
    "lr_statistic": "likelihood ratio test",
    "mcfadden_r2": "McFadden's R²",
    "n_at_risk": "at risk",
    "n_missing": "incomplete rows",
    "null_log_likelihood": "null log-likelihood",
    "organization_id": "site",
    "p_value": "P",
    "q": "Q",
    "robust_se": "robust SE",
    "score_p_value": "score test, P",
    "score_statistic": "score (log-rank) test",
    "sd": "SD",
    "smd": "SMD",
    "std_error": "SE",
    "tau2": "tau²",
    "wald_p_value": "Wald test, P",
    "wald_statistic": "Wald test",
}


class Cells:
    """How the values of one result are written: terms and sites by one name on the whole page."""

    def __init__(self, result: Record) -> None:
        self._result = result
        self._terms = labels(result)
        effect = face_of(result["analysis"]).effect_of(result)
        ratios = (effect.column, effect.low, effect.high) if effect and effect.is_ratio else ()
        self._write = _WRITE | dict.fromkeys(ratios, ratio)

    def term(self, name: str) -> str:
        """Return a term of the model in words."""
        return self._terms.get(name, name)

    def written(self, name: str, value: Any) -> str:
        """Return a value of the column ``name`` as the report shows it."""
        if name == "term":
            return self.term(str(value))
        if name == "organization_id":
            return site_name(self._result, value)
        if name in self._write:
            return self._write[name](value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return word(value)
        return number(value)


def head(name: str) -> str:
    """Return the head of the column ``name``."""
    return _HEADS.get(name, name.replace("_", " "))
