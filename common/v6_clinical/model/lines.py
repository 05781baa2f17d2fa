"""``a*x + b``, read from its syntax tree: a change of one column's unit, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from v6_clinical.model.hints import COMPARISONS, SIGNS

if TYPE_CHECKING:
    from v6_clinical.model.calls import Call


@dataclass(frozen=True)
class Line:
    """factor * column + shift; a constant has no column."""

    factor: float
    shift: float
    column: str | None = None


def read_line(call: Call, node: ast.expr) -> Line:
    """Read an affine expression of one column."""
    if isinstance(node, ast.Name):
        return Line(1.0, 0.0, call.column(node))
    if isinstance(node, ast.Constant):
        return Line(0.0, call.number(node))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        line = read_line(call, node.operand)
        return Line(sign * line.factor, sign * line.shift, line.column)
    if isinstance(node, ast.Compare | ast.BoolOp):
        call.refuse("a comparison", node, COMPARISONS)
    if isinstance(node, ast.Call):
        hint = f"Write {call.segment(node)} without I()."
        call.refuse("only a change of unit a*x + b is allowed", node, hint)
    if not isinstance(node, ast.BinOp):
        call.refuse("only a change of unit a*x + b is allowed", node)
    combine = _COMBINE.get(type(node.op))
    if combine is None:
        call.refuse("only + - * / of a column and numbers are allowed", node)
    return combine(call, node, read_line(call, node.left), read_line(call, node.right))


def _add(call: Call, node: ast.BinOp, left: Line, right: Line) -> Line:
    sign = -1.0 if isinstance(node.op, ast.Sub) else 1.0
    if None not in (left.column, right.column) and left.column != right.column:
        call.refuse("it mixes two columns", node)
    factor = left.factor + sign * right.factor
    return Line(factor, left.shift + sign * right.shift, left.column or right.column)


def _multiply(call: Call, node: ast.BinOp, left: Line, right: Line) -> Line:
    if left.column is not None and right.column is not None:
        call.refuse("products of columns are written a:b, squares x**2", node)
    line, by = (left, right.shift) if right.column is None else (right, left.shift)
    return Line(line.factor * by, line.shift * by, line.column)


def _divide(call: Call, node: ast.BinOp, left: Line, right: Line) -> Line:
    if right.column is not None:
        call.refuse(
            "quotients of columns are not allowed: they single out patients", node, SIGNS["/"]
        )
    if abs(right.shift) < 1e-70:
        call.refuse("division by zero", node)
    return Line(left.factor / right.shift, left.shift / right.shift, left.column)


_COMBINE: Final[dict[type[ast.operator], Callable[[Call, ast.BinOp, Line, Line], Line]]] = {
    ast.Add: _add,
    ast.Sub: _add,
    ast.Mult: _multiply,
    ast.Div: _divide,
}
