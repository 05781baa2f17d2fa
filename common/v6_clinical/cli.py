"""The command ``v6-clinical``: run an analysis over files in one process, and see the demo."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from v6_clinical import render
from v6_clinical.disclosure import SETTINGS, Policy
from v6_clinical.errors import SITE_CODES, RefusalError
from v6_clinical.platforms import local
from v6_clinical.registry import PACKAGES

if TYPE_CHECKING:
    import pandas as pd


@click.group()
@click.version_option(package_name="v6-clinical")
def main() -> None:
    """Run federated clinical analyses: pooled results, no patient rows leave a site."""


@main.group("run")
def run_group() -> None:
    """Run an analysis over files, one a site, in this process."""


def _split(context: click.Context, parameter: click.Parameter, text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


@run_group.command("summary")
@click.option("--site", "sites", multiple=True, required=True, help="A CSV or Parquet file a site.")
@click.option("--columns", required=True, callback=_split, help="Columns, comma-separated.")
@click.option("--group-by", help="Categorical column whose levels are compared.")
@click.option("--levels", "levels", multiple=True, help="Codebook: stage=I,II,III.")
@click.option("--quantiles", callback=_split, help="Quantiles, comma-separated: 0.05,0.95.")
@click.option("--correlation", is_flag=True, help="Correlations of the numeric columns.")
@click.option("--per-site", is_flag=True, help="Each site's own numbers beside the pooled ones.")
@click.option("--on-refusal", type=click.Choice(["fail", "exclude"]), default="fail")
@click.option("--open-policy", is_flag=True, help="Lift all limits: only for rows that you own.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def run_summary(
    sites: tuple[str, ...],
    columns: list[str],
    group_by: str | None,
    levels: tuple[str, ...],
    quantiles: list[str],
    open_policy: bool,
    as_json: bool,
    **flags: Any,
) -> None:
    """Summarise columns over sites: the pooled Table 1.

    Example: v6-clinical run summary --site a.csv --site b.csv --columns age,stage --group-by arm
    """
    arguments: dict[str, Any] = {"columns": columns, "group_by": group_by, **flags}
    arguments["levels"] = dict(_codebook(entry) for entry in levels)
    if quantiles:
        arguments["quantiles"] = [_float(text) for text in quantiles]
    result = _run("summary", sites, arguments, open_policy)
    click.echo(json.dumps(result, indent=2, allow_nan=False) if as_json else "", nl=as_json)
    if not as_json:
        render.summary(result)
    sys.exit(0 if result["status"] == "completed" else 1)


@main.command()
def demo() -> None:
    """Show a federated Table 1 beside the pooled one, on real data over three hospitals."""
    from v6_clinical.demo import run_demo

    sys.exit(0 if run_demo() else 1)


@main.command()
def policy() -> None:
    """Print the limits that the V6C_* settings of this environment give, or what is wrong."""
    try:
        render.policy(Policy.from_environment(os.environ))
    except RefusalError as refusal:
        names = ", ".join(refusal.where)
        raise click.ClickException(
            f"{names}: unknown, unreadable or too loose; every question would be refused. "
            f"Known settings: {', '.join(SETTINGS)}."
        ) from None


@main.command("store-json")
@click.argument("analysis", type=click.Choice(list(PACKAGES)))
@click.option("--major", type=click.Choice(["4", "5"]), required=True, help="vantage6's major.")
@click.option("--image", default="", help="Where nodes pull the image.")
@click.option("--code-url", default="", help="Where the source code is.")
def store_json(analysis: str, major: str, image: str, code_url: str) -> None:
    """Print what an algorithm store wants to know of an analysis."""
    from v6_clinical import store

    found = store.store_json(analysis, int(major), image, code_url)
    click.echo(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False))


def _run(
    analysis: str, paths: tuple[str, ...], arguments: dict[str, Any], open_policy: bool
) -> dict[str, Any]:
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


def _codebook(entry: str) -> tuple[str, list[str]]:
    name, found, labels = entry.partition("=")
    if not found:
        raise click.BadParameter(f"{entry!r} is not NAME=LEVEL,LEVEL,...", param_hint="--levels")
    return name.strip(), [label.strip() for label in labels.split(",")]


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a number", param_hint="--quantiles") from None
