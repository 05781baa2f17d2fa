"""``v6-clinical run cox``."""

from __future__ import annotations

import json
from typing import Any

import click

from v6_clinical.terminal.commands.files import examples, finish, run, split
from v6_clinical.terminal.commands.regression import regression_options, request_of
from v6_clinical.terminal.render.cox import cox as show


def _profiles(
    context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]
) -> list[Any]:
    """Read each --profile as a JSON object."""
    try:
        return [json.loads(text) for text in texts]
    except ValueError:
        raise click.BadParameter('write it as JSON: \'{"age": 60, "sex": "F"}\'') from None


@click.command(
    "cox",
    epilog=examples(
        "v6-clinical run cox --site a.csv --site b.csv \\",
        "    --time days --event died --predictors age,sex --save cox.json",
    ),
)
@click.option("--time", required=True, help="Column of follow-up times.")
@click.option("--event", required=True, help="Column of 0/1 or true/false, or of event values.")
@click.option("--event-value", callback=split, help="Values that are events, such as 2 of 1/2.")
@click.option("--entry", help="Column of entry times (left truncation, start-stop).")
@click.option("--strata", callback=split, help="Columns with baselines of their own.")
@click.option(
    "--baseline",
    type=click.Choice(["site", "exact"]),
    default="site",
    help="A baseline a site; or one for all (event times leave the sites).",
)
@click.option("--ties", type=click.Choice(["efron", "breslow"]), default="efron")
@click.option("--robust", is_flag=True, help="Lin and Wei's sandwich errors.")
@click.option("--zph-transform", type=click.Choice(["identity", "log", "km"]), default="identity")
@click.option("--time-horizon", type=float, help="Where the baseline curves end.")
@click.option(
    "--profile", "profiles", multiple=True, callback=_profiles, help="Covariates as JSON."
)
@regression_options
def run_cox(
    sites: tuple[str, ...], open_policy: bool, save: str | None, as_json: bool, **given: Any
) -> None:
    """Cox regression over sites: what R's summary(coxph(...)) and cox.zph give on all rows."""
    finish(run("cox", sites, request_of(given), open_policy, save), as_json, show)
