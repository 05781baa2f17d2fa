"""A formula cut into pieces, and its syntax checked, before anything else looks at it.

Calls such as ``bs(age, df=4)`` are one piece each (``calls`` reads them); what remains are names,
0, 1, exponents and the operators ``+ - * : ^ ( )``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from v6_clinical.model.errors import FormulaError
from v6_clinical.model.hints import ASSIGNED, SIGNS, call_hint

LONGEST_FORMULA: Final = 10_000
LONGEST_CALL: Final = 1_000
MOST_TOKENS: Final = 2_000
DEEPEST: Final = 20

Kind: TypeAlias = Literal["name", "call", "number", "operator"]

GRAMMAR: Final = (
    "Allowed are a + b, a:b, a*b, (a + b)^2, - a, names in `backquotes`, x**2, x**3, poly2(x), "
    "log(x), log1p(x), sqrt(x), C(x, ref='…'), scale(x), I(x/10), I(a*x + b), bs(x, df=4), "
    "ns(x, df=3)."
)
_PIECE: Final = re.compile(
    r"`(?P<quoted>[^`]*)`|(?P<word>[^\W\d]\w*)|(?P<number>\d[\d.]*)|(?P<operator>\*\*|[-+*:^()])"
)
_SPACE: Final = re.compile(r"\s*")
_INSIDE: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`|[()]|[^()"\'`]+')
_DOTTED: Final = re.compile(r"[^\W\d]\w*(?:\.\w+)+")


@dataclass(frozen=True)
class Token:
    """A piece of a formula: for a name the text is the column, without backquotes."""

    kind: Kind
    text: str


def scan(formula: str) -> list[Token]:
    """Cut the right-hand side of a formula into tokens with a valid syntax.

    Raises
    ------
    FormulaError
        Naming the piece that is out of place.
    """
    if len(formula) > LONGEST_FORMULA:
        raise FormulaError("too long", formula, f"At most {LONGEST_FORMULA} characters.")
    tokens: list[Token] = []
    place = _skip(formula, 0)
    while place < len(formula):
        token, place = _next(formula, place)
        tokens.append(token)
        if len(tokens) > MOST_TOKENS:
            raise FormulaError("too many pieces", formula, f"At most {MOST_TOKENS}.")
        place = _skip(formula, place)
    _check_order(tokens)
    return tokens


def _skip(formula: str, place: int) -> int:
    match = _SPACE.match(formula, place)
    return match.end() if match else place


def _next(formula: str, place: int) -> tuple[Token, int]:
    match = _PIECE.match(formula, place)
    _refuse_dots(formula, place)
    if match is None:
        before, after = formula[:place].split(), formula[place:].split(maxsplit=1)[0]
        touching = place > 0 and not formula[place - 1].isspace()
        piece = before[-1] + after if touching else after
        arrow = formula[place : place + 2] == "<-"
        assigned = arrow or (formula[place] == "=" and formula[:place].endswith(":"))
        hint = ASSIGNED if assigned else SIGNS.get(formula[place], GRAMMAR)
        raise FormulaError("not allowed in a formula", piece, hint)
    end = match.end()
    if match["quoted"] is not None:
        return Token("name", match["quoted"]), end
    if match["word"] is None:
        return Token("operator" if match["operator"] else "number", match[0]), end
    opening = _skip(formula, end)
    if formula[opening : opening + 1] == "(":
        end = _closing(formula, place, opening)
        return Token("call", formula[place:end]), end
    return Token("name", match["word"]), end


def _refuse_dots(formula: str, place: int) -> None:
    """Refuse a call such as ``as.factor(x)``, and a name with dots that is not in backquotes."""
    match = _DOTTED.match(formula, place)
    if match is None:
        return
    opening = _skip(formula, match.end())
    if formula[opening : opening + 1] != "(":
        hint = f"A column name with a dot goes in backquotes: `{match[0]}`."
        raise FormulaError("not allowed in a formula", match[0], hint)
    text = formula[place : _closing(formula, place, opening)]
    raise FormulaError("not a known function", text, call_hint(text) or GRAMMAR)


def _closing(formula: str, start: int, opening: int) -> int:
    """Return the end of the call whose parenthesis opens at ``opening``, quotes respected."""
    depth, place = 0, opening
    while (match := _INSIDE.match(formula, place)) is not None and match.end() > place:
        place = match.end()
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0 and place - start <= LONGEST_CALL:
            return place
        if depth > DEEPEST or place - start > LONGEST_CALL:
            raise FormulaError("too long or nested too deeply", formula[start:place], GRAMMAR)
    raise FormulaError("never closed", formula[start:], "Close every bracket and quote.")


def _check_order(tokens: Sequence[Token]) -> None:
    """Check that operands and operators alternate, and parentheses match."""
    depth, operand_next, before = 0, True, ""
    for index, token in enumerate(tokens):
        if token.text == ")" and token.kind == "operator":
            depth -= 1
            _require(not operand_next and depth >= 0, token, "nothing to close here")
        elif operand_next:
            operand_next = _check_operand(token, before, depth)
            depth += token.text == "(" and token.kind == "operator"
        else:
            _require(token.kind == "operator" and token.text != "(", token, _MISSING)
            _check_operator(token, tokens, index)
            operand_next = True
        _require(depth <= DEEPEST, token, "nested too deeply")
        before = token.text if token.kind == "operator" else ""
    if operand_next or depth > 0:
        last = tokens[-1].text if tokens else ""
        raise FormulaError("the formula ends too early", last, GRAMMAR)


_MISSING: Final = "an operator is missing before this (names with spaces go in backquotes)"


def _check_operand(token: Token, before: str, depth: int) -> bool:
    """Check what stands where an operand is due; tell whether one is still due after it."""
    if token.kind == "number":
        allowed: tuple[str, ...] = ("0", "1") if before in ("", "+", "-") and depth == 0 else ()
        allowed = tuple("123456") if before == "^" else allowed
        allowed = ("2", "3") if before == "**" else allowed
        _require(token.text in allowed, token, "this number has no place here")
    elif before in ("^", "**"):
        _require(False, token, "an exponent is a whole number")
    elif token.kind == "operator":
        sign = token.text in "+-" and before in ("", "(")
        _require(token.text == "(" or sign, token, "an operand is missing before this")
        return True
    return False


def _check_operator(token: Token, tokens: Sequence[Token], index: int) -> None:
    """Check the left neighbour of a binary operator: numbers only add, only columns square."""
    left = tokens[index - 1]
    exponent = index >= 2 and tokens[index - 2].text in ("^", "**")
    if left.kind == "number" and not exponent:
        _require(token.text in "+-", token, "0 and 1 stand for the intercept and only add")
    if token.text == "**":
        _require(left.kind == "name", token, "only a column can be squared; (a + b)^2 interacts")
    if token.text == "^":
        closed = left.kind == "operator" and left.text == ")"
        _require(closed, token, "write x**2 for a square, (a + b)^2 for interactions")


def _require(condition: bool, token: Token, problem: str) -> None:
    if not condition:
        raise FormulaError(problem, token.text, GRAMMAR)
