"""What to write instead of R's words: hints for calls and signs that the grammar does not have."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from v6_clinical.model.factors import quoted

COMPARISONS: Final = (
    "Comparisons and cut points are not allowed: they single out patients. Write the number as it "
    "is or ns(age, df=3), or C(age_group) of a column of groups that the sites have."
)
SIGNS: Final = {
    "~": "Give the right-hand side only: outcome=... (of survival time=... and event=...) "
    "names the left one.",
    "/": "Write a + a:b for nesting; I(x/10) changes the unit. Quotients of columns are not "
    "allowed: a site can add a column of them.",
    "|": "Strata, groups and clusters are arguments of their own: strata=['x'], cluster='x'. "
    "Random effects are not offered.",
    "<": COMPARISONS,
    ">": COMPARISONS,
    "=": COMPARISONS,
    "!": COMPARISONS,
    "&": COMPARISONS,
    "%": "Write C(x) and merge the levels that belong together: "
    "collapse={'x': {'new': ['old', 'older']}}. For a crossing, %in%, write a:b.",
    "$": "Write the column's name only, age for data$age.",
    "[": "A column name with brackets goes in backquotes. Rows are not selected in a formula.",
    ".": "Name each column: there is no short form for all of them.",
    ",": "Join columns by +.",
}
ASSIGNED: Final = "Nothing is assigned in a formula: write its right-hand side only."

_LEVELS: Final = (
    "Write C({x}). levels={{'{n}': [...]}} fixes the levels and their order, C({x}, ref='...') the "
    "reference."
)
_REFERENCE: Final = "Write C({x}, ref='...') with the level that is the reference."
_GROUPS: Final = COMPARISONS.replace("age_group", "{x}_group").replace("age", "{x}")
_SPLINE: Final = "Write ns({x}, df=4): a spline of fixed degrees of freedom, without a penalty."
_PLAIN: Final = "Write {x}: a column is read as the sites store it, and C({x}) is a category."
_RANDOM: Final = "Random effects are not offered: cluster='{n}' gives robust errors, or use C({x})."
_SCALED: Final = "Write scale({x}), or I(({x} - 50)/10) for a centre and a unit of your own."
_LOG10: Final = (
    "Write log({x}), the natural logarithm: its coefficient is {unit} times that of {f}({x})."
)
_HEAVY: Final = "{f}() is not offered. Write {x}, poly2({x}) or ns({x}, df=3)."
_GROUPED: Final = (
    "cut cut2 findInterval ntile quantile ifelse if_else case_when between is na qcut where "
    "cut_number cut_interval tertile median"
)
_WORDS: Final = {
    "factor as_factor ordered fct Categorical categorical character string": _LEVELS,
    "relevel fct_relevel reference Treatment": _REFERENCE,
    "strata strat stratum": "Take it out of the formula: strata=['{n}'] is an argument of survival "
    "regression; else write C({x}).",
    "cluster": "Take it out of the formula: cluster='{n}' is an argument of its own.",
    "frailty re random": _RANDOM,
    "offset": "Take it out of the formula: offset='{n}' is an argument of its own.",
    "weights": "Take it out of the formula: weights='{n}' is an argument of its own.",
    "Surv": "Give the right-hand side only: time='{n}' and event=... are arguments.",
    "poly pol": "Write poly2({x}), which is {x} + {x}**2, or {x} + {x}**2 + {x}**3.",
    "s te ti lo smooth pspline gam tps": _SPLINE,
    "cr cc": "Write ns({x}, df=3), a natural cubic spline.",
    "lsp": "Write ns({x}, df=3): linear pieces are not offered.",
    "numeric integer double float int unclass asis": _PLAIN,
    "scl standardize standardise zscore center centre demean rescale": _SCALED,
    "log10": _LOG10.replace("{unit}", "0.434"),
    "log2": _LOG10.replace("{unit}", "1.443"),
    "ln": "Write log({x}), the natural logarithm.",
    "exp abs sin cos tan tanh round floor ceiling sign max min pmax pmin mean sum": _HEAVY,
    "interaction": "Write a:b for the product of two columns, a*b for it and its parts.",
    "mfp fp": "Write poly2({x}) or ns({x}, df=3).",
    "tt": "Effects that change with time are not offered: the proportional-hazards test tells "
    "whether they are needed, strata=['{n}'] lets the hazard differ.",
    _GROUPED: _GROUPS,
}
_BY_WORD: Final = {word: hint for words, hint in _WORDS.items() for word in words.split()}
_CATEGORY: Final = (
    "Write C(x, ref='...') for the reference; levels={'x': [...]} fixes the levels and their "
    "order, collapse={'x': {...}} merges them."
)
# Of the grammar's own functions, where their arguments are not what they take.
BY_NAME: Final = {
    "C": _CATEGORY,
    "ns": "Write ns(x, df=3), or ns(x, knots=[40, 60], lower=20, upper=80).",
    "bs": "Write bs(x, df=4), or bs(x, knots=[40, 60], lower=20, upper=80).",
    "scale": "Write scale(x), or I((x - 50)/10) for a centre and a unit of your own.",
    "log": "Write log(x), the natural logarithm.",
    "sqrt": "Write sqrt(x).",
    "log1p": "Write log1p(x), which is log(1 + x).",
    "poly2": "Write poly2(x), which is x + x**2.",
}
_FIRST: Final = re.compile(r"\(\s*(?:`([^`]+)`|([^\W\d][\w.]*))(?![\w.]|\s*\()")
_KNOTS: Final = re.compile(r",\s*(?:(?:parms|nk|knots|k)\s*=\s*)?(\d+)\s*\)$")
_LEVEL: Final = re.compile(r"[\"']([^\"']+)[\"']")


def call_hint(text: str) -> str:
    """Return what to write instead of a call that is not in the grammar, "" where none is known.

    Parameters
    ----------
    text
        The call as it was typed, such as ``as.factor(sex)``.
    """
    function = text.partition("(")[0].strip().rsplit(".", 1)[-1]
    first = _FIRST.search(text)
    column = "x" if first is None else first[1] or first[2]
    if "." in text.partition("(")[0] and function in BY_NAME:
        return f"Write {function}({quoted(column)})."
    special = _SPECIAL.get(function)
    if special is not None:
        return special(text, quoted(column))
    hint = _BY_WORD.get(function, "")
    return hint.format(x=quoted(column), n=column, f=function)


def _restricted(text: str, column: str) -> str:
    """Return the spline of as many functions as ``rcs`` with so many knots has: one less."""
    found = _KNOTS.search(text)
    df = min(max(int(found[1]) - 1, 2), 5) if found else 4
    return f"Write ns({column}, df={df}): a restricted cubic spline of df + 1 knots."


def _releveled(text: str, column: str) -> str:
    found = _LEVEL.search(text)
    return f"Write C({column}, ref='{found[1] if found else '...'}')."


_SPECIAL: Final[dict[str, Callable[[str, str], str]]] = {
    "rcs": _restricted,
    "rcspline": _restricted,
    "relevel": _releveled,
}
