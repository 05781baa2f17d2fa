"""How terms, levels, numbers and curves are written in figures and reports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from v6_clinical.terminal.render.words import DASH

Record = Mapping[str, Any]
_NAMED = re.compile(r"C\(.*, ref=(?P<quote>['\"])(?P<level>.*)(?P=quote)\)", re.DOTALL)
_LEVEL = re.compile(r"(?P<name>[^:]+)\[(?P<coding>T\.)?(?P<level>.*)\]", re.DOTALL)


def level_of(term: str) -> tuple[str, str] | None:
    """Return column and level of the dummy ``sex[T.M]``; None for any other term."""
    found = _LEVEL.fullmatch(term)
    return (found["name"], found["level"]) if found and found["coding"] else None


def term_label(term: str) -> str:
    """Return a term as a reader wants it: ``sex[T.M]:age`` is ``sex: M × age``."""
    parts = [level_of(part) for part in term.split(":")] if "[T." in term else []
    if not parts:
        return term.replace(":", " × ")
    names = term.split(":")
    shown = [f"{p[0]}: {p[1]}" if p else name for p, name in zip(parts, names, strict=True)]
    return " × ".join(shown)


def references(result: Record) -> dict[str, str]:
    """Return the reference level of each categorical column, as far as the result tells it."""
    request = result["request"]
    coding = result.get("model", {}).get("coding", {})
    known = {name: levels[0] for name, levels in request["levels"].items()}
    known |= dict(request["reference"]) | dict(coding.get("references", {}))
    for record in result["coefficients"]:
        found = level_of(record["term"])
        if found and (named := _NAMED.fullmatch(found[0])):
            known[found[0]] = named["level"]
    return known


def ratio_names(result: Record) -> tuple[str, str, str]:
    """Return the table's name of exp(estimate), the prefix of its interval, and its short name."""
    if result["analysis"] == "cox_regression":
        return "hazard_ratio", "hr", "HR"
    return "odds_ratio", "or", "OR"


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


def site_name(organization: int | None) -> str:
    """Return how a curve's site is called."""
    return "All sites" if organization is None else f"Site {organization}"


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
