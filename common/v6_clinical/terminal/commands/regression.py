"""The options that all regressions share, and how they become a request."""

from __future__ import annotations

from typing import Any

import click

from v6_clinical.terminal.commands.files import OUTPUT, SITES, codebook, options, split

regression_options = options(
    SITES,
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
    *OUTPUT,
)


def request_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a request from the options that were given."""
    arguments = {name: value for name, value in given.items() if value not in (None, [], ())}
    if "levels" in arguments:
        arguments["levels"] = dict(codebook(entry) for entry in arguments["levels"])
    if "reference" in arguments:
        pairs = [codebook(entry) for entry in arguments["reference"]]
        arguments["reference"] = {name: labels[0] for name, labels in pairs}
    return arguments
