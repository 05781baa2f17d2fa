"""How many parameters a model has, told to the analyst whose sites have too few rows for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from v6_clinical.model.coding import INTERCEPT, coding
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.factors import Category, is_numeric
from v6_clinical.model.formula import Formula
from v6_clinical.model.terms import without_references


def in_words(formula: Formula, levels: Mapping[str, Sequence[str]]) -> str:
    """Return how many parameters R7 counts, term by term, "" where the model cannot be coded.

    Without a codebook a category is counted with two levels, and said to have more.
    """
    terms = without_references(formula.terms)
    factors = [factor for term in terms for factor in term.factors]
    called = [factor.column for factor in factors if isinstance(factor, Category)]
    unknown: dict[str, tuple[str, ...]] = {n: ("1", "2") for n in called if n not in levels}
    used = {f.column: tuple(levels[f.column]) for f in factors if f.column in levels}
    try:
        count = coding(terms, used | unknown, {}, formula.intercept).parameters_by_term()
    except FormulaError:
        return ""
    count.pop(INTERCEPT, None)
    plain = any(is_numeric(f, used) and f.label == f.column for f in factors)
    least = "at least " if unknown or plain else ""
    counted = ", ".join(f"{label} {number}" for label, number in count.items())
    return (
        f"This model has {least}{sum(count.values())} parameters beside what every model has: "
        f"{counted}. Each level but the first counts one, each further function of one number two."
    )
