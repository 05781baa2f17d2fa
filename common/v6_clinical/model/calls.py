"""One call of a formula, such as ``bs(age, df=4)``, read into factors; never evaluated.

The text goes through Python's ``ast``, whose tree is compared with the closed grammar. Whatever is
not expected is refused with the piece of text that it stands for.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeVar

from pydantic import ValidationError

from v6_clinical.labels import label_of
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.factors import (
    Affine,
    Category,
    Column,
    Factor,
    Function,
    Power,
    Scale,
    Spline,
    quoted,
)
from v6_clinical.model.tokens import GRAMMAR

MOST_NODES: Final = 150
_QUOTES: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`([^`]*)`')
F = TypeVar("F", bound=Factor)


@dataclass(frozen=True)
class Call:
    """A call taken apart: its text, arguments by position and by keyword, backquoted names."""

    text: str
    source: str
    function: str
    positional: tuple[ast.expr, ...]
    keywords: Mapping[str, ast.expr]
    names: Mapping[str, str]
    normal: str

    def segment(self, node: ast.AST) -> str:
        """Return the text of a node as the analyst wrote it."""
        return _requote(ast.get_source_segment(self.source, node) or self.text, self.names)

    def refuse(self, problem: str, node: ast.AST | None = None, remedy: str = GRAMMAR) -> NoReturn:
        """Refuse the call, or one node of it."""
        part = self.text if node is None else self.segment(node)
        raise FormulaError(problem, part, remedy)

    def column(self, node: ast.expr) -> str:
        """Return the raw column that a node names."""
        if not isinstance(node, ast.Name):
            self.refuse(f"{self.function}() takes one raw column", node)
        if node.id not in self.source:  # Python folds some letters; the column would be another
            self.refuse("put this name in backquotes", node)
        return self.names.get(node.id, node.id)

    def number(self, node: ast.expr) -> float:
        """Return the finite number that a node spells."""
        sign = 1.0
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
            node = node.operand
        if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
            self.refuse("a number is expected here", node)
        try:
            value = float(node.value)  # type: ignore[arg-type]
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            self.refuse("the number is too large", node)
        return sign * value

    def only(self, *keywords: str) -> str:
        """Check the arguments' names; return the column, which is the only positional one."""
        if len(self.positional) != 1:
            self.refuse(f"{self.function}() takes one raw column, other arguments by name")
        for keyword, node in self.keywords.items():
            if keyword not in keywords:
                self.refuse(f"{self.function}() has no argument {keyword}=", node)
        return self.column(self.positional[0])


def read_call(text: str) -> tuple[Factor, ...]:
    """Read one call; more than one factor means their sum (``poly2``).

    Raises
    ------
    FormulaError
        Naming the part that is not in the grammar.
    """
    call = _take_apart(text)
    reader = _READERS.get(call.function)
    if reader is None:
        call.refuse(f"{call.function}() is not a known function")
    return reader(call)


def build(kind: type[F], part: str, **fields: Any) -> F:
    """Make a factor, its validation errors told as errors of the formula."""
    try:
        return kind(**fields)
    except ValidationError as error:
        problem = error.errors()[0]
        message = str(problem["msg"]).removeprefix("Value error, ")
        where = ".".join(str(place) for place in problem["loc"])
        raise FormulaError(f"{where} {message}".strip(), part, GRAMMAR) from None


def _take_apart(text: str) -> Call:
    source, names = _unquote(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise FormulaError("not understood", text, GRAMMAR) from None
    if sum(1 for _ in ast.walk(tree)) > MOST_NODES:
        raise FormulaError("too complicated", text, GRAMMAR)
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
        raise FormulaError("not a call of a known function", text, GRAMMAR)
    keywords = {keyword.arg: keyword.value for keyword in tree.keywords if keyword.arg is not None}
    if len(keywords) < len(tree.keywords):
        raise FormulaError("unpacking is not allowed", text, GRAMMAR)
    normal = _requote(ast.unparse(tree), names)
    return Call(text, source, tree.func.id, tuple(tree.args), keywords, names, normal)


def _unquote(text: str) -> tuple[str, dict[str, str]]:
    """Replace backquoted names by identifiers that do not occur in the text."""
    stem = "q_"
    while stem in text:
        stem = "q" + stem
    names: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        identifier = f"{stem}{len(names)}_"
        names[identifier] = match[1]
        return identifier

    return _QUOTES.sub(replace, text), names


def _requote(text: str, names: Mapping[str, str]) -> str:
    for identifier, name in names.items():
        text = text.replace(identifier, quoted(name))
    return text


def _category(call: Call) -> tuple[Factor, ...]:
    column = call.only("ref")
    node = call.keywords.get("ref")
    if node is None:
        return (build(Category, call.text, column=column),)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return (build(Category, call.text, column=column, reference=node.value),)
    if isinstance(node, ast.Constant) and type(node.value) not in (int, float):
        call.refuse("the reference is a number or a level in quotes", node)
    reference = label_of(call.number(node))
    return (build(Category, call.text, column=column, reference=reference),)


def _function(call: Call) -> tuple[Factor, ...]:
    return (build(Function, call.text, column=call.only(), function=call.function),)


def _scale(call: Call) -> tuple[Factor, ...]:
    return (build(Scale, call.text, column=call.only()),)


def _poly2(call: Call) -> tuple[Factor, ...]:
    column = call.only()
    square = build(Power, call.text, column=column, exponent=2)
    return build(Column, call.text, column=column), square


def _spline(call: Call) -> tuple[Factor, ...]:
    fields: dict[str, Any] = {"column": call.only("df", "knots", "lower", "upper")}
    for name, node in call.keywords.items():
        if name == "knots":
            if not isinstance(node, ast.List | ast.Tuple):
                call.refuse("knots are a list, as knots=[40, 60]", node)
            fields[name] = tuple(call.number(knot) for knot in node.elts)
        else:
            fields[name] = call.number(node)
    if "df" in fields:
        if not fields["df"].is_integer():
            call.refuse("df is a whole number", call.keywords["df"])
        fields["df"] = int(fields["df"])
    return (build(Spline, call.text, basis=call.function, **fields),)


def _identity(call: Call) -> tuple[Factor, ...]:
    if len(call.positional) != 1 or call.keywords:
        call.refuse("I() takes one expression")
    node = call.positional[0]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow | ast.BitXor):
        if not isinstance(node.left, ast.Name):
            call.refuse("only a raw column can be squared", node)
        exponent = call.number(node.right)
        if exponent not in (2.0, 3.0):
            call.refuse("the exponent is 2 or 3", node)
        column = call.column(node.left)
        return (build(Power, call.text, column=column, exponent=int(exponent)),)
    line = _line(call, node)
    if line.column is None or line.factor == 0:
        call.refuse("there is no column in it")
    fields = {"column": line.column, "factor": line.factor, "shift": line.shift}
    return (build(Affine, call.text, text=call.normal, **fields),)


@dataclass(frozen=True)
class _Line:
    """factor * column + shift; a constant has no column."""

    factor: float
    shift: float
    column: str | None = None


def _line(call: Call, node: ast.expr) -> _Line:
    """Read an affine expression of one column."""
    if isinstance(node, ast.Name):
        return _Line(1.0, 0.0, call.column(node))
    if isinstance(node, ast.Constant):
        return _Line(0.0, call.number(node))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        line = _line(call, node.operand)
        return _Line(sign * line.factor, sign * line.shift, line.column)
    if not isinstance(node, ast.BinOp):
        call.refuse("only a change of unit a*x + b is allowed", node)
    combine = _COMBINE.get(type(node.op))
    if combine is None:
        call.refuse("only + - * / of a column and numbers are allowed", node)
    return combine(call, node, _line(call, node.left), _line(call, node.right))


def _add(call: Call, node: ast.BinOp, left: _Line, right: _Line) -> _Line:
    sign = -1.0 if isinstance(node.op, ast.Sub) else 1.0
    if None not in (left.column, right.column) and left.column != right.column:
        call.refuse("it mixes two columns", node)
    factor = left.factor + sign * right.factor
    return _Line(factor, left.shift + sign * right.shift, left.column or right.column)


def _multiply(call: Call, node: ast.BinOp, left: _Line, right: _Line) -> _Line:
    if left.column is not None and right.column is not None:
        call.refuse("products of columns are written a:b, squares x**2", node)
    line, by = (left, right.shift) if right.column is None else (right, left.shift)
    return _Line(line.factor * by, line.shift * by, line.column)


def _divide(call: Call, node: ast.BinOp, left: _Line, right: _Line) -> _Line:
    if right.column is not None:
        call.refuse("quotients of columns are not allowed: they single out patients", node)
    if abs(right.shift) < 1e-70:
        call.refuse("division by zero", node)
    return _Line(left.factor / right.shift, left.shift / right.shift, left.column)


_COMBINE: Final[dict[type[ast.operator], Callable[[Call, ast.BinOp, _Line, _Line], _Line]]] = {
    ast.Add: _add,
    ast.Sub: _add,
    ast.Mult: _multiply,
    ast.Div: _divide,
}
_READERS: Final[dict[str, Callable[[Call], tuple[Factor, ...]]]] = {
    "C": _category,
    "log": _function,
    "log1p": _function,
    "sqrt": _function,
    "poly2": _poly2,
    "scale": _scale,
    "I": _identity,
    "bs": _spline,
    "ns": _spline,
}
