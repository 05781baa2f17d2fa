"""Take each guard out of the site's policy, one at a time: some attack must then succeed.

Usage: ci/mutants [NAME ... | calls]. Prints guard by guard the first test that
notices; exits 1 where none does. A guard is a ``raise`` of a refusal, one side of an "or" of its
reasons, the answer of a function that says what may be told, one side of the "and" in it, or a
whole function that leaves it to another one.

Guards outside of the policy are listed by hand, with what they answer when they guard nothing and
the attacks to try: cells, dominance, suppression, pairs, knots, aliases. So is the noise: each way
to draw it, the grid of questions, the keys, and the frame that lets nothing leave without.

Then each single call of a guard is taken out (``calls.py`` finds them in the source), so that none
is forgotten by one analysis while another is attacked.

The suite runs once, untouched, and notes which tests run which guard, called from which lines. A
mutant then meets these tests only, those in which the guard refused first: seconds instead of
minutes.
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
import types
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from privacy.calls import Call, calls, replaced
from privacy.outside import Outside, outside
from v6_clinical.disclosure import Policy
from v6_clinical.disclosure import policy as disclosure
from v6_clinical.errors import RefusalError

HERE = Path(__file__).parent

ATTACKED = [str(path) for path in sorted(HERE.iterdir()) if [*path.glob("test_*.py")]]
ATTACKED += [str(path) for path in sorted(HERE.glob("test_A*.py"))]
ATTACKS = ["-q", "-p", "no:cacheprovider", "--no-header"]
# Attacks that ask thousands of times, or in a process of its own, which no mutant reaches.
SLOW = ("refusals_tell_nothing", "random_windows", "_A16_", "_A17_", "_A20_", "wrapper")
MOST, MOST_OF_CALLS = 40, 25  # tests that a mutant meets
DEPTH = 6  # callers of a guard that are noted
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


def mutants() -> Iterator[Mutant | Outside | Call]:
    """Yield every mutant of every function of the policy, the guards outside of it, the calls."""
    yield from _of_the_policy()
    yield from outside()
    loaded = {getattr(module, "__file__", None) for module in [*sys.modules.values()]}
    yield from (call for call in calls(NOTHING_GUARDED) if str(call.path) in loaded)


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
        replaced(tree, node, ast.Pass())
        yield node.lineno, what, function
    elif any(node is part for part in ast.walk(function.args)):
        return  # a type, such as int | None
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
            replaced(tree, same, kept)
            yield node.lineno, f"without {ast.unparse(values[side])}", function
            return


def _answering(tree: ast.Module, answer: str) -> ast.FunctionDef:
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = [ast.Return(ast.parse(answer, mode="eval").body)]
    return function


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
        # (file, line) of a caller: the tests in which a guard ran from there, those it refused in
        self.ran_from: dict[tuple[str, int], dict[str, float]] = {}
        self.refused_from: dict[tuple[str, int], set[str]] = {}
        self.lines: dict[tuple[str, int], bool] = {}

    def watch(self, name: str, guard: Callable[..., Any]) -> Callable[..., Any]:
        """Return a guard that is noted when it runs and when it refuses."""

        @functools.wraps(guard)
        def watched(*given: Any, **named: Any) -> Any:
            self.seen.add(name)
            callers = _callers(sys._getframe(1))
            for caller in callers:
                self.lines.setdefault(caller, False)
            try:
                found = guard(*given, **named)
            except RefusalError:
                self._no(name, callers)
                raise
            if found is not None and (np.any(found) if name == "is_small" else not np.all(found)):
                self._no(name, callers)
            return found

        return watched

    def _no(self, name: str, callers: list[tuple[str, int]]) -> None:
        self.said_no.add(name)
        self.lines |= dict.fromkeys(callers, True)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if not any(slow in item.name for slow in SLOW)]

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, None]:
        self.seen, self.said_no, self.lines = set(), set(), {}
        began = time.perf_counter()
        with contextlib.ExitStack() as stack:
            for name, guard in self.guards.items():
                stack.enter_context(mock.patch.object(Policy, name, self.watch(name, guard)))
            outcome = yield
        if outcome.excinfo is not None:
            return  # it fails without a mutant: what it ran tells nothing
        for name in self.seen:
            self.ran[name][item.nodeid] = time.perf_counter() - began
        for name in self.said_no:
            self.refused[name].add(item.nodeid)
        for caller, refused in self.lines.items():
            self.ran_from.setdefault(caller, {})[item.nodeid] = time.perf_counter() - began
            if refused:
                self.refused_from.setdefault(caller, set()).add(item.nodeid)

    def tests(self, mutant: Mutant | Outside | Call) -> list[str]:
        """Return the tests that can notice, the likeliest and quickest first."""
        if isinstance(mutant, Outside) and mutant.files:
            return [*mutant.files, "-m", "not repeats"]
        if isinstance(mutant, Outside):
            return [*ATTACKED, "-k", mutant.attacks]
        if isinstance(mutant, Call):
            lines = [(str(mutant.path), k) for k in range(mutant.line, mutant.last + 1)]
            took: dict[str, float] = {}
            for line in lines:
                took |= self.ran_from.get(line, {})
            no = {test for line in lines for test in self.refused_from.get(line, ())}
            return sorted(took, key=lambda test: (test not in no, took[test]))[:MOST_OF_CALLS]
        ran, refused = self.ran[mutant.function], self.refused[mutant.function]
        return sorted(ran, key=lambda test: (test not in refused, ran[test]))[:MOST]


def _callers(frame: types.FrameType | None) -> list[tuple[str, int]]:
    """Return file and line of the functions that called a guard, the nearest first."""
    found = []
    while frame is not None and len(found) < DEPTH:
        found.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return found


class First:
    """Keeps the first test that fails."""

    def __init__(self) -> None:
        self.failed = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid


def first_failure(work: tuple[Mutant | Outside | Call, list[str]]) -> str:
    """Run these tests with a guard taken out, in order; return the first that fails."""
    mutant, tests = work
    if not tests:
        return ""
    mutant.install()
    first = First()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        pytest.main([*ATTACKS, "-x", *tests], plugins=[first])
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
    every = [m for m in mutants() if not names or m.function in names]
    if names == ["calls"]:
        every = [m for m in mutants() if isinstance(m, Call)]
    fork = multiprocessing.get_context("fork")
    with fork.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        found = pool.imap(first_failure, [(m, witness.tests(m)) for m in every], chunksize=1)
        survivors = 0
        for mutant, test in zip(every, found, strict=True):
            reason = mutant.redundant if isinstance(mutant, Call) else ""
            survivors += not test and not reason
            noticed = test.split("::")[-1] or (f"redundant: {reason}" if reason else "SURVIVES")
            where = f"{mutant.function}:{mutant.line}"
            print(f"{where:28} {mutant.what[:60]:60} {noticed}", flush=True)
    print(f"{len(every)} guards taken out one at a time, {survivors} not missed by any attack")
    return 1 if survivors or code else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
