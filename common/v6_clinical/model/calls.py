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
from keyword import iskeyword
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
from v6_clinical.model.hints import BY_NAME, COMPARISONS, call_hint
from v6_clinical.model.lines import read_line
from v6_clinical.model.tokens import GRAMMAR

MOST_NODES: Final = 150
# Text in quotes, a name in backquotes, a word that is not the name of an argument.
_NAMES: Final = re.compile(
    r"""\"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`([^`]*)`|\b([^\W\d]\w*)\b(?!\s*=[^=])"""
)
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
            self.refuse(f"{self.function}() takes one raw column", node, self._nested(node))
        if node.id not in self.source:  # Python folds some letters; the column would be another
            self.refuse("put this name in backquotes", node)
        return self.names.get(node.id, node.id)

    def _nested(self, node: ast.expr) -> str:
        """Return what to write instead of an expression where a column is expected."""
        if isinstance(node, ast.Compare | ast.BoolOp):
            return COMPARISONS
        if self.function == "log" and re.fullmatch(r"\w+ ?\+ ?1|1 ?\+ ?\w+", self.segment(node)):
            return "Write log1p(x) for log(x + 1)."
        inner = call_hint(self.segment(node)) if isinstance(node, ast.Call) else ""
        return inner or f"Functions are not nested, nor taken of sums. {GRAMMAR}"

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
            hint = BY_NAME.get(self.function, GRAMMAR)
            self.refuse(
                f"{self.function}() takes one raw column, other arguments by name", remedy=hint
            )
        for keyword, node in self.keywords.items():
            if keyword not in keywords:
                hint = BY_NAME.get(self.function, GRAMMAR)
                self.refuse(f"{self.function}() has no argument {keyword}=", node, hint)
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
        hint = call_hint(call.text) or GRAMMAR
        call.refuse(f"{call.function}() is not a known function", remedy=hint)
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
    function = names.get(tree.func.id, tree.func.id)
    return Call(text, source, function, tuple(tree.args), keywords, names, normal)


def _unquote(text: str) -> tuple[str, dict[str, str]]:
    """Replace backquoted names, and Python's own words, by identifiers not in the text.

    A column may be named as a word of Python, as ``class`` or ``lambda``.
    """
    stem = "q_"
    while stem in text:
        stem = "q" + stem
    names: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        name = match[2] if iskeyword(match[2] or "") else match[1]
        if name is None:
            return match[0]
        identifier = f"{stem}{len(names)}_"
        names[identifier] = name
        return identifier

    return _NAMES.sub(replace, text), names


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
    line = read_line(call, node)
    if line.column is None or line.factor == 0:
        call.refuse("there is no column in it")
    fields = {"column": line.column, "factor": line.factor, "shift": line.shift}
    return (build(Affine, call.text, text=call.normal, **fields),)


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
