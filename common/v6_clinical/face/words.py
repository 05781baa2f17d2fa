"""How numbers and lists are written for people, wherever they read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DASH = "–"  # withheld, or undefined


def number(value: float | None, digits: int = 4) -> str:
    """Format a number for reading; withheld or undefined is a dash."""
    if value is None:
        return DASH
    if isinstance(value, int) or float(value).is_integer():
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.0f}"
    return f"{value:.{digits}g}"


def p_value(value: float | None, digits: int = 3) -> str:
    """Return a p-value as journals print it: never 0."""
    if value is None:
        return DASH
    least = 10.0**-digits
    return f"<{least:.{digits}f}" if value < least else f"{value:.{digits}f}"


def listed(words: Sequence[str]) -> str:
    """Return words as a sentence lists them: ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not 1."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def of_noise(result: Mapping[str, Any]) -> str:
    """Return what is to be said of noise in a completed result; nothing where it is exact."""
    precision = result.get("precision")
    if not precision:
        return ""
    what, takes_it_in = "means", "tests take it in"
    if result.get("coefficients"):
        what, takes_it_in = "estimates", "standard errors and intervals take it in"
    return (
        f"Each site's sums bear declared noise, which moves {what} by {number(precision, 2)} "
        f"standard errors or less (one standard deviation); {takes_it_in}."
    )


def of_checks(result: Mapping[str, Any]) -> str:
    """Return what is to be said of questions that sites checked, and of masks; else nothing."""
    checked = result.get("secure")
    if not checked:
        return ""
    return (
        "Each site derived every question itself, from the request and its partners' signed "
        f"answers, by keys that the sites' operators exchanged (list {checked['peers']}). "
        "Their sums were sent under masks that cancel in the sum of all sites: nobody saw another."
    )


def site_name(result: Mapping[str, Any], organization: int | None) -> str:
    """Return how a site is called: its name if the result knows it, else its number.

    Everything that is written about a result asks here, so that a site has one name.
    """
    if organization is None:
        return "All sites"
    for site in [*result["sites"], *(result["error"] or {}).get("sites", [])]:
        if site["organization_id"] == organization and site.get("name"):
            return str(site["name"])
    return f"Organisation {organization}"
