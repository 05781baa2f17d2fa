"""What the commands share: files in, results out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from v6_clinical.disclosure import Policy
from v6_clinical.errors import SITE_CODES, RefusalError
from v6_clinical.platforms import local
from v6_clinical.platforms.files import foreign_separator, read_csv
from v6_clinical.settings import problems

if TYPE_CHECKING:
    import pandas as pd

F = TypeVar("F", bound=Callable[..., Any])


SITES = click.option(
    "--site",
    "sites",
    multiple=True,
    required=True,
    type=click.Path(),
    help="A CSV or Parquet file a site.",
)
# What every analysis offers beside its own arguments.
OUTPUT = (
    click.option("--on-refusal", type=click.Choice(["fail", "exclude"]), default="fail"),
    click.option("--open-policy", is_flag=True, help="Lift all limits: only for rows you own."),
    click.option("--save", type=click.Path(dir_okay=False), help="Write the result to this file."),
    click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
)


def examples(*lines: str) -> str:
    """Return the end of a help text: lines that click leaves as they are."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def options(*given: Callable[[F], F]) -> Callable[[F], F]:
    """Add options to a command, in their order."""

    def add(command: F) -> F:
        for option in reversed(given):
            command = option(command)
        return command

    return add


def finish(result: dict[str, Any], as_json: bool, show: Callable[[dict[str, Any]], None]) -> None:
    """Print a result and end with 0, or with 1 if it has no tables."""
    if as_json:
        click.echo(json.dumps(result, indent=2, allow_nan=False))
    else:
        show(result)
    sys.exit(0 if result["status"] == "completed" else 1)


def split(context: click.Context, parameter: click.Parameter, text: str | None) -> list[str]:
    """Read a comma-separated option."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def run(
    analysis: str,
    paths: tuple[str, ...],
    arguments: dict[str, Any],
    open_policy: bool,
    save: str | None = None,
) -> dict[str, Any]:
    """Run an analysis over files, under the limits of this environment unless these are lifted.

    The result is also written to the file ``save``, with the files' names as those of the sites.
    """
    frames = [_read(path) for path in paths]
    try:
        limits = Policy.open() if open_policy else Policy.from_environment(os.environ)
    except RefusalError:
        raise click.ClickException(" ".join(problems(os.environ))) from None
    result = local.run(analysis, frames, arguments, policy=limits, progress=_progress)
    if save is not None:
        _save(result, paths, save)
    return result


def _save(result: dict[str, Any], paths: tuple[str, ...], file: str) -> None:
    from v6_clinical.analyst.federation import with_names

    names = {number: Path(path).stem for number, path in enumerate(paths, 1)}
    named = with_names(result, names) | {"provenance": {"platform": "local, in one process"}}
    text = json.dumps(named, indent=2, ensure_ascii=False, allow_nan=False)
    try:
        Path(file).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"--save {file}: {error.strerror}.") from None


def _progress(number: int, step: str, sites: int) -> None:
    click.echo(f"round {number}: {step}, {sites} sites", err=True)


def _read(path: str) -> pd.DataFrame:
    try:
        if Path(path).suffix in (".parquet", ".pq"):
            import pandas as pd

            return pd.read_parquet(path)
        return read_csv(path)
    except RefusalError:
        words = f"its columns are separated by {foreign_separator(path)}, not by commas"
        raise click.UsageError(f"--site {path}: {words}. {SITE_CODES['SEPARATOR']}") from None
    except FileNotFoundError:
        raise click.UsageError(f"--site {path}: there is no such file.") from None
    except Exception as error:
        kind = type(error).__name__
        raise click.UsageError(f"--site {path}: cannot be read as a table ({kind}).") from None


def codebook(entry: str) -> tuple[str, list[str]]:
    """Read NAME=LEVEL,LEVEL,..."""
    name, found, labels = entry.partition("=")
    if not found:
        raise click.BadParameter(f"{entry!r} is not NAME=LEVEL,LEVEL,...", param_hint="--levels")
    return name.strip(), [label.strip() for label in labels.split(",")]


def number(text: str) -> float:
    """Read a number of --quantiles."""
    try:
        return float(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a number", param_hint="--quantiles") from None
