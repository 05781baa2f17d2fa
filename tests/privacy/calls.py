"""Single calls of guards, which ``mutants.py`` takes out too: found in the source, not listed.

A call is ``policy.check_...(...)``, ``policy.allows_...(...)`` or ``policy.is_small(...)`` anywhere
outside of the policy, or a call of a function that only checks a point (``PASSED``). Where a call
is redundant its line or the one before says so in a comment, ``# redundant: why``; no attack need
notice it.
"""

from __future__ import annotations

import ast
import copy
import gc
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Final

from v6_clinical.disclosure import Policy

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = [
    path
    for folder in ("algorithms", "common/v6_clinical")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "disclosure" not in path.parts
]
GUARDS: Final = ("check_", "allows_", "is_small")
# Functions that check a point for all who call them: what they return, unchecked.
GUARD: Final = "__import__('v6_clinical.regression.site.guard', fromlist=['Checked'])"
PASSED: Final = {"check": GUARD + ".Checked({0})", "may_tell": "True", "may_add": "True"}


@dataclass(frozen=True)
class Call:
    """A function without one of the calls of guards in it."""

    path: Path
    function: str  # its qualified name
    first: int  # and the line that it begins in
    line: int
    last: int
    what: str
    module: ast.Module
    redundant: str  # why, if the source says so

    def install(self) -> None:
        """Put it in the place of the original, wherever that is in use."""
        tree = ast.fix_missing_locations(self.module)
        codes = [c for c in _within(compile(tree, str(self.path), "exec")) if self._is(c)]
        (code,) = codes
        found = [
            f for f in gc.get_objects() if isinstance(f, FunctionType) and self._is(f.__code__)
        ]
        assert found, f"{self.function} is not loaded"
        for function in found:
            function.__code__ = code

    def _is(self, code: CodeType) -> bool:
        same = (code.co_qualname, code.co_firstlineno) == (self.function, self.first)
        return same and Path(code.co_filename).resolve() == self.path


def calls(answers: dict[str, str]) -> Iterator[Call]:
    """Yield every single call; ``answers`` is what a function of the policy says unguarded."""
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        if "policy" not in text:
            continue
        tree = ast.parse(text)
        for place, node in enumerate(ast.walk(tree)):
            if isinstance(node, ast.Call) and (made := _unguarded(node, answers, text)):
                module = copy.deepcopy(tree)
                same = list(ast.walk(module))[place]
                replaced(module, same, made)
                yield _call(path.resolve(), text, tree, node, module)


def _call(path: Path, text: str, tree: ast.Module, node: ast.Call, module: ast.Module) -> Call:
    name, function = _function_of(tree, node)
    last = node.end_lineno or node.lineno
    beside = text.splitlines()[max(node.lineno - 2, 0) : last]  # the line before too
    said = re.search(r"# redundant: (.*)", "\n".join(beside))
    first = min([function.lineno, *(one.lineno for one in function.decorator_list)])
    what = f"without {ast.unparse(node)}"
    reason = said[1] if said else ""
    return Call(path, name, first, node.lineno, last, what, module, reason)


def _unguarded(node: ast.Call, answers: dict[str, str], text: str) -> ast.expr | None:
    """Return what stands in the place of a guard's call, None where it is none."""
    function = node.func
    if isinstance(function, ast.Name) and function.id in PASSED and _from_guard(function.id, text):
        made = PASSED[function.id].format(ast.unparse(node.args[0]))
    elif (
        isinstance(function, ast.Attribute)
        and function.attr.startswith(GUARDS)
        and isinstance(function.value, ast.Name)
        and function.value.id in ("policy", "limits")
    ):
        made = answers.get(function.attr, "None")
        if made not in ("None", "True"):
            names = ", ".join(
                list(inspect.signature(getattr(Policy, function.attr)).parameters)[1:]
            )
            given = ", ".join(ast.unparse(argument) for argument in node.args)
            made = f"(lambda {names}: {made})({given})".replace("np.", "__import__('numpy').")
    else:
        return None
    return ast.copy_location(ast.parse(made, mode="eval").body, node)


def _from_guard(name: str, text: str) -> bool:
    """Tell whether a module takes the name from the one that checks points, or is that one."""
    return bool(re.search(rf"guard import [^#]*?\b{name}\b", text))


def _function_of(tree: ast.Module, node: ast.AST) -> tuple[str, ast.FunctionDef]:
    """Return the outermost function or method that holds a node, and its qualified name."""
    for top in tree.body:
        inside = top.body if isinstance(top, ast.ClassDef) else [top]
        for one in inside:
            if isinstance(one, ast.FunctionDef) and any(n is node for n in ast.walk(one)):
                owner = f"{top.name}." if isinstance(top, ast.ClassDef) else ""
                return owner + one.name, one
    raise AssertionError("a guard is called outside of every function")


def _within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _within(constant)


def replaced(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Put one node in the place of another."""
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list) and any(item is old for item in value):
                setattr(parent, field, [new if item is old else item for item in value])
