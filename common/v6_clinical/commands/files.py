"""What the commands share: files in, results out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from v6_clinical.disclosure import Policy
from v6_clinical.errors import SITE_CODES, RefusalError
from v6_clinical.platforms import local

if TYPE_CHECKING:
    import pandas as pd


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
    analysis: str, paths: tuple[str, ...], arguments: dict[str, Any], open_policy: bool
) -> dict[str, Any]:
    """Run an analysis over files, under the limits of this environment unless these are lifted."""
    frames = [_read(path) for path in paths]
    try:
        limits = Policy.open() if open_policy else Policy.from_environment(os.environ)
    except RefusalError as refusal:
        names = ", ".join(refusal.where)
        raise click.ClickException(f"{names}: {SITE_CODES[refusal.code]}") from None
    return local.run(analysis, frames, arguments, policy=limits, progress=_progress)


def _progress(number: int, step: str, sites: int) -> None:
    click.echo(f"round {number}: {step}, {sites} sites", err=True)


def _read(path: str) -> pd.DataFrame:
    import pandas as pd

    reader = pd.read_parquet if Path(path).suffix in (".parquet", ".pq") else pd.read_csv
    try:
        return reader(path)
    except FileNotFoundError:
        raise click.ClickException(f"--site {path}: there is no such file.") from None
    except Exception as error:
        kind = type(error).__name__
        raise click.ClickException(f"--site {path}: cannot be read as a table ({kind}).") from None


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
