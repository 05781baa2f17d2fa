"""``v6-clinical run``: a command for each installed analysis, made from its request model."""

from __future__ import annotations

from typing import Any

import click

from v6_clinical.errors import AnalysisError
from v6_clinical.face import Face
from v6_clinical.protocol.registry import load_method, methods
from v6_clinical.terminal.commands.arguments import given, options, words
from v6_clinical.terminal.commands.files import OUTPUT, SITES, examples, finish, run_files
from v6_clinical.terminal.commands.operator import digests_of, print_digests


class Analyses(click.Group):
    """A group whose commands are the analyses that are installed."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the short names of all methods."""
        return list(methods())

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return the command of a method; None if there is none of that name."""
        face = methods().get(name)
        return None if face is None else command(face)


def command(face: Face) -> click.Command:
    """Return the command that runs a method over files."""
    request = load_method(face).request

    def run(
        site: tuple[str, ...],
        open_policy: bool,
        save: str | None,
        as_json: bool,
        digest: bool,
        **more: Any,
    ) -> None:
        if digest:
            _print_digests(face, given(more))
            return
        if not site:
            raise click.MissingParameter(param=SITES)
        result = run_files(face.short, site, given(more), open_policy, save)
        finish(result, as_json)

    return click.Command(
        face.short,
        callback=run,
        params=[SITES, *options(request), *OUTPUT],
        help=face.about.replace("``", ""),
        short_help=face.title,
        epilog=examples(*example(face)),
    )


def example(face: Face) -> list[str]:
    """Return the lines of a call with the arguments of the face's example."""
    asked = words(load_method(face).request, face.example)
    lines = [f"v6-clinical run {face.short} --site a.csv --site b.csv \\"]
    line = "   "
    for word in [*asked, "--save", f"{face.short}.json"]:
        if len(line) + len(word) > 90:
            lines.append(f"{line} \\")
            line = "   "
        line += f" {word}"
    return [*lines, line]


def _print_digests(face: Face, arguments: dict[str, Any]) -> None:
    try:
        print_digests(digests_of(face.short, arguments))
    except AnalysisError as error:
        raise click.ClickException(str(error)) from None
    except ValueError as error:
        raise click.ClickException(f"{error}.") from None


@click.group("run", cls=Analyses)
def run_group() -> None:
    """Run an analysis over files, one a site, in this process."""


class Method(click.ParamType):
    """The short name or method name of an installed analysis."""

    name = "analysis"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> Face:
        """Return the face of the method."""
        for face in methods().values():
            if value in (face.short, face.method):
                return face
        return self.fail(f"{value!r} is not one of {', '.join(methods())}.", parameter, context)

    def shell_complete(
        self, context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[Any]:
        """Return the names that begin so."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in methods() if name.startswith(incomplete)]
