"""Names that two things in a result would share, found before any site is asked.

A design column is named by its factors, ``age:sex[T.M]``, and a column of the data may be called
just that. No name is reserved without a word: such a column is refused by its name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import permutations, product
from typing import Final

from v6_clinical.model.errors import FormulaError
from v6_clinical.model.factors import Category, Column, Factor
from v6_clinical.model.terms import Term, raw_columns

INTERCEPT: Final = "Intercept"
RENAME: Final = "Rename the column."


def check_names(terms: Sequence[Term]) -> None:
    """Check that no two things of a model could have one name, whatever the columns hold.

    Raises
    ------
    FormulaError
        Naming the column of the data to rename.
    """
    names = raw_columns(terms)
    plain = {f.column for term in terms for f in term.factors if isinstance(f, Column)}
    for name in names:
        if name in plain and re.fullmatch(rf"{INTERCEPT}([/\[].*)?", name.strip(), re.DOTALL):
            raise FormulaError("this name is the intercept's", name, RENAME)
        if any(other != name and other.strip() == name.strip() for other in names):
            raise FormulaError("two names differ in white space only", name, "Name it once.")
    for one, other in permutations(terms, 2):
        for label in _plain_names(one):
            if _pattern(other).fullmatch(label):
                problem = f"this name could be that of a design column of {other.label} too"
                raise FormulaError(problem, label, RENAME)


def _plain_names(term: Term) -> list[str]:
    """Return the names of a term's design columns, were none of its columns categorical."""
    labels = [_labels(factor) for factor in term.factors]
    return [":".join(parts) for parts in product(*labels)]


def _labels(factor: Factor) -> list[str]:
    return [factor.part_label(index) for index in range(factor.width)]


def _pattern(term: Term) -> re.Pattern[str]:
    """Return what the names of a term's design columns look like, in whichever levels."""
    parts = []
    for factor in term.factors:
        names = "|".join(re.escape(label) for label in _labels(factor))
        level = r"(\[.*\])?" if isinstance(factor, Column) else ""
        parts.append(f"({names})" + (r"\[.*\]" if isinstance(factor, Category) else level))
    return re.compile(":".join(parts), re.DOTALL)
