"""Take each guard out of the site's policy, one at a time: some attack must then succeed.

Usage: python tests/privacy/mutants.py [NAME ...]. Prints guard by guard the first test that
notices; exits 1 where none does. A guard is a ``raise`` of a refusal, one side of an "or" of its
reasons, the answer of a function that says what may be told, one side of the "and" in it, or a
whole function that leaves it to another one.

Guards outside of the policy are listed by hand, with what they answer when they guard nothing and
the attacks to try: cells, dominance, suppression, pairs, knots, aliases.

The suite runs once, untouched, and notes which tests run the lines of which guard. A mutant then
meets these tests only, those in which the guard refused first: seconds instead of minutes.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import io
import multiprocessing
import os
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from privacy.outside import Outside, outside  # noqa: E402
from v6_clinical.disclosure import Policy  # noqa: E402
from v6_clinical.disclosure import policy as disclosure  # noqa: E402
from v6_clinical.errors import RefusalError  # noqa: E402

ATTACKED = [str(HERE / folder) for folder in ("summary", "logistic", "cox")]
ATTACKED += [str(path) for path in sorted(HERE.glob("test_A*.py"))]
ATTACKS = ["-q", "-x", "-p", "no:cacheprovider", "--no-header"]
# Attacks that ask thousands of times, or in a process of its own, which no mutant reaches.
SLOW = ("refusals_tell_nothing", "random_windows", "_A16_", "_A17_", "_A20_", "wrapper")
MOST = 40  # tests that a mutant meets
# What a function that only answers says when it guards nothing.
NOTHING_GUARDED = {
    "is_small": "np.zeros(np.shape(counts), dtype=bool)",
    "allows_moments": "np.ones(len(n), dtype=bool)",
    "allows_difference": "True",
    "allows_sums": "True",
    "allows_products": "True",
    "allows_high_orders": "True",
    "_allows": "True",
}


@dataclass(frozen=True)
class Mutant:
    """A function of the policy without one of its guards."""

    function: str
    line: int
    what: str
    tree: ast.FunctionDef

    def install(self) -> None:
        """Put it in the place of the original, wherever that is in use."""
        module = ast.Module([self.tree], [])
        space: dict[str, Any] = {}
        code = compile(ast.fix_missing_locations(module), disclosure.__file__, "exec")
        exec(code, vars(disclosure), space)  # noqa: S102 - our own source
        getattr(Policy, self.function).__code__ = space[self.function].__code__


def mutants() -> Iterator[Mutant | Outside]:
    """Yield every mutant of every function of the policy, and the guards outside of it."""
    yield from _of_the_policy()
    yield from outside()


def _of_the_policy() -> Iterator[Mutant]:
    for name, function in vars(Policy).items():
        if inspect.isfunction(function) and not name.startswith("__"):
            lines, first = inspect.getsourcelines(function)
            source = textwrap.dedent("".join(lines))
            nodes = list(ast.walk(ast.parse(source)))
            if name.startswith("check_") and not any(isinstance(n, ast.Raise) for n in nodes):
                yield Mutant(name, first, "does nothing", _answering(ast.parse(source), "None"))
            for place in range(len(nodes)):
                tree = ast.parse(source)
                changed = _without(list(ast.walk(tree))[place], tree)
                for line, what, made in changed:
                    ast.increment_lineno(made, first - 1)
                    yield Mutant(name, line + first - 1, what, made)
            if name in NOTHING_GUARDED:
                tree = ast.parse(source)
                made = _answering(tree, NOTHING_GUARDED[name])
                yield Mutant(name, first, "answers nothing", made)


def _without(node: ast.AST, tree: ast.Module) -> Iterator[tuple[int, str, ast.FunctionDef]]:
    """Yield the function with this node changed, where it is a guard or a part of one."""
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    if isinstance(node, ast.Raise):
        what = ast.unparse(node)
        _replace(tree, node, ast.Pass())
        yield node.lineno, what, function
    elif isinstance(node, ast.BoolOp | ast.BinOp) and isinstance(node.op, _loosening(function)):
        sides = node.values if isinstance(node, ast.BoolOp) else [node.left, node.right]
        for side in range(len(sides)):
            fresh = ast.parse(ast.unparse(tree))
            yield from _one_side_out(fresh, node, side)


def _loosening(function: ast.FunctionDef) -> Any:
    """Return the operators of which one side less lets more pass: "or" to refuse, "and" to tell."""
    if function.name in NOTHING_GUARDED:
        return () if function.name == "is_small" else ast.And | ast.BitAnd
    return ast.Or | ast.BitOr


def _one_side_out(
    tree: ast.Module, node: ast.BoolOp | ast.BinOp, side: int
) -> Iterator[tuple[int, str, ast.FunctionDef]]:
    text, function = ast.unparse(node), tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    for same in ast.walk(tree):
        if type(same) is type(node) and ast.unparse(same) == text:
            values = same.values if isinstance(same, ast.BoolOp) else [same.left, same.right]
            left = [value for place, value in enumerate(values) if place != side]
            kept = ast.BoolOp(same.op, left) if len(left) > 1 else left[0]  # type: ignore[union-attr, arg-type]
            _replace(tree, same, kept)
            yield node.lineno, f"without {ast.unparse(values[side])}", function
            return


def _answering(tree: ast.Module, answer: str) -> ast.FunctionDef:
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = [ast.Return(ast.parse(answer, mode="eval").body)]
    return function


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list) and any(item is old for item in value):
                setattr(parent, field, [new if item is old else item for item in value])


class Witness:
    """Notes which tests ran which functions of the policy, and in which these refused."""

    def __init__(self) -> None:
        self.guards = {
            name: function
            for name, function in vars(Policy).items()
            if inspect.isfunction(function) and not name.startswith("__")
        }
        self.ran: dict[str, dict[str, float]] = {name: {} for name in self.guards}
        self.refused: dict[str, set[str]] = {name: set() for name in self.guards}
        self.seen: set[str] = set()
        self.said_no: set[str] = set()

    def watch(self, name: str, guard: Callable[..., Any]) -> Callable[..., Any]:
        """Return a guard that is noted when it runs and when it refuses."""

        @functools.wraps(guard)
        def watched(*given: Any, **named: Any) -> Any:
            self.seen.add(name)
            try:
                found = guard(*given, **named)
            except RefusalError:
                self.said_no.add(name)
                raise
            if found is not None and (np.any(found) if name == "is_small" else not np.all(found)):
                self.said_no.add(name)
            return found

        return watched

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if not any(slow in item.name for slow in SLOW)]

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        self.seen, self.said_no = set(), set()
        began = time.perf_counter()
        with contextlib.ExitStack() as stack:
            for name, guard in self.guards.items():
                stack.enter_context(mock.patch.object(Policy, name, self.watch(name, guard)))
            yield
        for name in self.seen:
            self.ran[name][item.nodeid] = time.perf_counter() - began
        for name in self.said_no:
            self.refused[name].add(item.nodeid)

    def tests(self, mutant: Mutant | Outside) -> list[str]:
        """Return the tests that can notice, the likeliest and quickest first."""
        if isinstance(mutant, Outside):
            return [*ATTACKED, "-k", mutant.attacks]
        ran, refused = self.ran[mutant.function], self.refused[mutant.function]
        return sorted(ran, key=lambda test: (test not in refused, ran[test]))[:MOST]


class First:
    """Keeps the first test that fails."""

    def __init__(self) -> None:
        self.failed = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid


def first_failure(work: tuple[Mutant | Outside, list[str]]) -> str:
    """Run these tests with a guard taken out, in order; return the first that fails."""
    mutant, tests = work
    if not tests:
        return ""
    mutant.install()
    first = First()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        pytest.main([*ATTACKS, *tests], plugins=[first])
    return first.failed


def main(names: list[str]) -> int:
    """Print the table; return 1 where a mutant survives."""
    os.chdir(HERE.parent.parent)
    witness = Witness()
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = pytest.main([*ATTACKS, *ATTACKED], plugins=[witness])
    print(printed.getvalue().splitlines()[-1])
    if code:
        print(printed.getvalue())
        return 1
    every = [m for m in mutants() if not names or m.function in names]
    fork = multiprocessing.get_context("fork")
    with fork.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        found = pool.imap(first_failure, [(m, witness.tests(m)) for m in every], chunksize=1)
        survivors = 0
        for mutant, test in zip(every, found, strict=True):
            survivors += not test
            where, noticed = f"{mutant.function}:{mutant.line}", test.split("::")[-1] or "SURVIVES"
            print(f"{where:28} {mutant.what[:60]:60} {noticed}", flush=True)
    print(f"{len(every)} guards taken out one at a time, {survivors} not missed by any attack")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
