"""The options that all regressions share, and how they become a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from v6_clinical.commands.files import codebook, split

OPTIONS = (
    click.option(
        "--site", "sites", multiple=True, required=True, help="A CSV or Parquet file a site."
    ),
    click.option("--predictors", callback=split, help="Columns, comma-separated."),
    click.option("--formula", help="Or a formula, R style: age * sex + ns(bmi, df=3)."),
    click.option("--levels", multiple=True, help="Codebook, first the reference: stage=I,II."),
    click.option("--reference", multiple=True, help="Another reference level: stage=II."),
    click.option("--weights", help="Column of case weights."),
    click.option("--offset", help="Column added to the linear predictor."),
    click.option("--cluster", help="Column of clusters, for robust errors."),
    click.option("--ridge", type=float, default=0.0, help="Penalty on standardised coefficients."),
    click.option("--confidence-level", type=float, default=0.95, show_default=True),
    click.option("--max-rounds", type=int, default=25, show_default=True),
    click.option("--on-refusal", type=click.Choice(["fail", "exclude"]), default="fail"),
    click.option("--open-policy", is_flag=True, help="Lift all limits: only for rows you own."),
    click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
)


def regression_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the shared options to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def request_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a request from the options that were given."""
    arguments = {name: value for name, value in given.items() if value not in (None, [], ())}
    if "levels" in arguments:
        arguments["levels"] = dict(codebook(entry) for entry in arguments["levels"])
    if "reference" in arguments:
        pairs = [codebook(entry) for entry in arguments["reference"]]
        arguments["reference"] = {name: labels[0] for name, labels in pairs}
    return arguments
