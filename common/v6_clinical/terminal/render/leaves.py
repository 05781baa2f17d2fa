"""What leaves a site, from an analysis's own declarations: in a terminal, and in its README."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from rich import box
from rich.table import Table

from v6_clinical.protocol.registry import face_of
from v6_clinical.terminal.render.text import console

Leaves = Mapping[str, Mapping[str, str]]


def declared(analysis: str) -> tuple[Leaves, Mapping[str, str]]:
    """Return, by step of a method, what each number is; and when each step is asked."""
    face = face_of(analysis)
    module = import_module(f"{face.package}.leaves")
    rounds = getattr(module, "ROUNDS", {})
    steps = face.steps or tuple(module.LEAVES)
    return {s: module.LEAVES[s] for s in steps}, {s: rounds.get(s, "") for s in steps}


def show(analysis: str) -> None:
    """Print a table: a step and its round, the names of the numbers, and what they are."""
    steps, rounds = declared(analysis)
    grid = Table(title=f"What leaves a site: {analysis}", box=box.SIMPLE_HEAD)
    grid.add_column("step", no_wrap=True)
    grid.add_column("numbers", no_wrap=True)
    grid.add_column("what they are")
    for step, names in steps.items():
        grid.add_section()
        grid.add_row(step, "", rounds[step], style="bold")
        for name, what in names.items():
            grid.add_row("", name, what)
    screen = console()
    screen.print(grid)
    screen.print("Nothing else leaves but refusals (a code, and names of the request) and 'n'.")


def as_markdown(analysis: str) -> str:
    """Return every number that leaves a site, by step, as a README's table."""
    steps, rounds = declared(analysis)
    lines = ["| step | name | what |", "|---|---|---|"]
    for step, names in steps.items():
        lines += [f"| `{step}` | `{name}` | {what} |" for name, what in names.items()]
    return "\n".join([*lines, "", *(f"* `{step}`: {when}." for step, when in rounds.items())])
