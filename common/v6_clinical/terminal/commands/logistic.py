"""``v6-clinical run logistic``."""

from __future__ import annotations

from typing import Any

import click

from v6_clinical.terminal.commands.files import examples, finish, run
from v6_clinical.terminal.commands.regression import regression_options, request_of
from v6_clinical.terminal.render.logistic import logistic as show


@click.command(
    "logistic",
    epilog=examples(
        "v6-clinical run logistic --site a.csv --site b.csv \\",
        "    --outcome died --predictors age,sex --save logistic.json",
    ),
)
@click.option("--outcome", required=True, help="Column with two values.")
@click.option("--positive", help="The value that counts as 1.")
@click.option("--robust", type=click.Choice(["HC0", "HC1"]), help="Sandwich errors.")
@click.option("--site-effect", is_flag=True, help="An intercept for each site.")
@regression_options
def run_logistic(
    sites: tuple[str, ...], open_policy: bool, save: str | None, as_json: bool, **given: Any
) -> None:
    """Logistic regression over sites: what R's summary(glm(..., binomial)) gives on all rows."""
    finish(run("logistic", sites, request_of(given), open_policy, save), as_json, show)
