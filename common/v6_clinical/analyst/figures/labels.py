"""How effects, numbers and curves are written in figures and reports."""

from __future__ import annotations

from typing import Any

from v6_clinical.face.contract import Effect, Record
from v6_clinical.face.words import DASH
from v6_clinical.protocol.registry import face_of


def effect_of(result: Record) -> Effect:
    """Return what the coefficients of a result mean in print, as its analysis says.

    Raises
    ------
    ValueError
        If the analysis is not known, or names no effect.
    """
    face = face_of(result["analysis"])
    effect = face.effect_of(result)
    if effect is None:
        raise ValueError(f"{face.title} has no effect to be shown as a ratio or a difference")
    return effect


def interval(record: Record, effect: Effect) -> tuple[float | None, float | None]:
    """Return the ends of an effect's interval."""
    return record[effect.low], record[effect.high]


def ratio(value: float | None) -> str:
    """Return a ratio as journals print it: two decimals, three digits when small."""
    if value is None:
        return DASH
    if value != 0 and not 0.001 <= abs(value) < 10_000:
        return f"{value:.1e}"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"


def close_ratio(value: float, low: float | None, high: float | None) -> str:
    """Return a ratio and its interval, with more decimals where two would not tell them apart."""
    narrow = low is not None and high is not None and abs(high - low) < 0.05 and value >= 0.1

    def show(number: float | None) -> str:
        return f"{number:.3f}" if narrow and number is not None else ratio(number)

    return f"{show(value)} ({show(low)}, {show(high)})"


def stratum_name(result: Record, curve: Record) -> str:
    """Return column and level of a curve's stratum: ``sex M``; empty without strata.

    Of several columns the result itself says ``stage=1, grade=2/3``.
    """
    columns = result["request"]["strata"]
    return " ".join([*columns, curve["stratum"]]) if len(columns) == 1 else str(curve["stratum"])


def profile_label(result: Record, number: int) -> str:
    """Return the covariates of a profile, in the order of the request."""
    profile = result["request"]["profiles"][number - 1]
    return ", ".join(f"{name} {_plain(value)}" for name, value in profile.items())


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
