"""The central side's reading of a formula: formulaic expands it, nothing evaluates it.

Every factor is read into the closed list of ``factors`` first and replaced by a placeholder;
formulaic's parser only ever sees placeholders, operators, 0, 1 and exponents, and returns products
of placeholders. formulaic is imported when a formula is parsed, for a partial must not load it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from v6_clinical.model.calls import build, read_call
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.factors import Column, Factor, Power
from v6_clinical.model.terms import HIGHEST_ORDER, MOST_TERMS, Term, check_codings
from v6_clinical.model.tokens import GRAMMAR, Token, scan

# Products that an expansion may go through; (a + b + c)^2 goes through 9.
MOST_PRODUCTS: Final = 20_000


@dataclass(frozen=True)
class Formula:
    """The right-hand side of a model.

    Parameters
    ----------
    terms
        Products of factors, main effects first, in the order of the formula within an order.
    intercept
        Whether the model has one.
    """

    terms: tuple[Term, ...]
    intercept: bool = True


def parse(rhs: str) -> Formula:
    """Read the right-hand side of a formula, R style.

    Raises
    ------
    FormulaError
        Naming the part that is not in the grammar, and what to write instead.
    """
    if not isinstance(rhs, str):
        raise FormulaError("a formula is text", type(rhs).__name__, GRAMMAR)
    factors: dict[Factor, str] = {}
    text = _with_placeholders(scan(rhs), factors)
    products = _expand(text, rhs)
    by_name = {name: factor for factor, name in factors.items()}
    terms = [
        _term([by_name[name] for name in product]) for product in products if product != ("1",)
    ]
    if len(terms) > MOST_TERMS:
        raise FormulaError(f"{len(terms)} terms", rhs, f"At most {MOST_TERMS}.")
    intercept = ("1",) in products
    if not terms and not intercept:
        raise FormulaError("no term is left", rhs, "Name at least one predictor, or 1.")
    check_codings(terms)
    return Formula(tuple(sorted(terms, key=lambda term: len(term.factors))), intercept)


def from_predictors(predictors: Sequence[str]) -> Formula:
    """Return the model with an intercept and one term per column, names taken verbatim.

    Raises
    ------
    FormulaError
        If a name is empty, too long or listed twice.
    """
    names = list(predictors)
    if len(names) > MOST_TERMS:
        raise FormulaError(f"{len(names)} predictors", "predictors", f"At most {MOST_TERMS}.")
    for name in names:
        if not isinstance(name, str):
            raise FormulaError("a predictor is the name of a column", "predictors", "Give text.")
        if names.count(name) > 1:
            raise FormulaError("the predictor is listed twice", name, "Name each once.")
    return Formula(tuple(_term([build(Column, name, column=name)]) for name in names))


def _term(factors: Sequence[Factor]) -> Term:
    if len(factors) > HIGHEST_ORDER:
        label = ":".join(factor.label for factor in factors)
        raise FormulaError("the interaction is of too high an order", label, "Use fewer factors.")
    return Term(factors=tuple(factors))


def _with_placeholders(tokens: Sequence[Token], factors: dict[Factor, str]) -> str:
    """Rewrite the tokens for formulaic, filling ``factors`` with the placeholders' meaning."""
    pieces: list[str] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.kind in ("number", "operator"):
            pieces.append(token.text)
            index += 1
            continue
        squared = [after.text for after in tokens[index + 1 : index + 3]]
        if len(squared) == 2 and squared[0] == "**" and tokens[index + 1].kind == "operator":
            exponent = int(squared[1])
            part = f"{token.text}**{exponent}"
            read: Iterable[Factor] = [build(Power, part, column=token.text, exponent=exponent)]
            index += 3
        else:
            read, index = _read(token), index + 1
        names = [factors.setdefault(factor, f"f{len(factors)}") for factor in read]
        pieces.append(names[0] if len(names) == 1 else f"({' + '.join(names)})")
    return " ".join(pieces)


def _read(token: Token) -> tuple[Factor, ...]:
    if token.kind == "call":
        return read_call(token.text)
    return (build(Column, token.text or "``", column=token.text),)


def _expand(text: str, rhs: str) -> list[tuple[str, ...]]:
    """Return the products of placeholders that the formula stands for, in formulaic's order."""
    from formulaic.errors import FormulaicError
    from formulaic.parser import DefaultFormulaParser

    parser = DefaultFormulaParser(feature_flags=DefaultFormulaParser.FeatureFlags.NONE)
    try:
        _check_work(parser.get_ast(text), rhs)
        terms = list(parser.get_terms(text))
    except FormulaicError:
        raise FormulaError("the operators do not fit together", rhs, GRAMMAR) from None
    return [tuple(str(factor.expr) for factor in term.factors) for term in terms]


def _check_work(tree: Any, rhs: str) -> None:
    """Bound the products that an expansion goes through, before it starts.

    With sizes l and r of the operands: + and - l + r; : l r; * l + r + l r; ^k l^k.
    """
    nodes, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        if hasattr(node, "args"):
            nodes.append(node)
            waiting.extend(node.args)
    sizes: dict[int, int] = {}
    for node in reversed(nodes):
        left, *others = [sizes.get(id(argument), 1) for argument in node.args]
        symbol = node.operator.symbol
        if symbol == "^":
            size = left ** int(str(node.args[1]))
        elif symbol in ("+", "-"):
            size = left + sum(others)
        else:
            size = left * others[0] + (left + others[0]) * (symbol == "*")
        if size > MOST_PRODUCTS:
            raise FormulaError("too many interactions", rhs, "Name the ones you need.")
        sizes[id(node)] = size
