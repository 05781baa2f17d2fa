"""What the commands share: files in, results out."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from v6_clinical.analyst.federation import with_names
from v6_clinical.analyst.local import PLATFORM
from v6_clinical.disclosure import Policy
from v6_clinical.errors import SITE_CODES, RefusalError
from v6_clinical.platforms import local
from v6_clinical.platforms.files import foreign_separator, read_csv
from v6_clinical.settings import problems
from v6_clinical.terminal.render.result import show

if TYPE_CHECKING:
    import pandas as pd

SITES = click.Option(
    ["--site"],
    multiple=True,
    type=click.Path(),
    help="A CSV or Parquet file a site.  [required but for --digest]",
)
# What every analysis offers beside its own arguments.
OUTPUT = (
    click.Option(
        ["--open-policy"], is_flag=True, help="Lift all limits: only for rows that you own."
    ),
    click.Option(
        ["--save"], type=click.Path(dir_okay=False), help="Write the result to this file."
    ),
    click.Option(
        ["--digest"],
        is_flag=True,
        help="Print the request's digests for V6C_ALLOWED_REQUESTS, and read no file.",
    ),
    click.Option(["--json", "as_json"], is_flag=True, help="Print the result as JSON."),
)


def examples(*lines: str) -> str:
    """Return the end of a help text: lines that click leaves as they are."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def finish(result: dict[str, Any], as_json: bool) -> None:
    """Print a result and end with 0, or with 1 if it has no tables."""
    if as_json:
        click.echo(json.dumps(result, indent=2, allow_nan=False))
    else:
        show(result)
    sys.exit(0 if result["status"] == "completed" else 1)


def run_files(
    analysis: str,
    paths: tuple[str, ...],
    arguments: dict[str, Any],
    open_policy: bool,
    save: str | None = None,
) -> dict[str, Any]:
    """Run an analysis over files, under the limits of this environment unless these are lifted.

    The files' names are those of the sites. The result is also written to the file ``save``.
    """
    frames = [_read(path) for path in paths]
    try:
        limits = Policy.open() if open_policy else Policy.from_environment(os.environ)
    except RefusalError:
        raise click.ClickException(" ".join(problems(os.environ))) from None
    result = local.run(analysis, frames, arguments, policy=limits, progress=_progress)
    named = with_names(result, _names(paths)) | {"provenance": {"platform": PLATFORM}}
    if save is not None:
        _save(named, save)
    return named


def _names(paths: tuple[str, ...]) -> dict[int, str]:
    """Return the files' names without their endings; whole paths where these are not unique."""
    stems = [Path(path).stem for path in paths]
    return dict(enumerate(stems if len(set(stems)) == len(stems) else paths, 1))


def _save(result: dict[str, Any], file: str) -> None:
    text = json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False)
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
