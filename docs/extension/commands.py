"""The help of the command ``v6-clinical``, as the command itself prints it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from v6_clinical.terminal.cli import main

WIDTH = 88  # characters, what a page shows without scrolling


def help_texts(_: str) -> str:
    """Return every command's help under its name."""
    return "\n".join(
        f"## `{path}`\n\n```text\n{text}\n```\n" for path, text in _commands(main, "v6-clinical")
    )


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, str]]:
    context = click.Context(command, info_name=path, max_content_width=WIDTH, terminal_width=WIDTH)
    yield path, command.get_help(context).strip()
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from _commands(below, f"{path} {name}")
