"""``v6-clinical run summary``."""

from __future__ import annotations

from typing import Any

import click

from v6_clinical.terminal.commands.files import (
    OUTPUT,
    SITES,
    codebook,
    examples,
    finish,
    number,
    options,
    run,
    split,
)
from v6_clinical.terminal.render.summary import summary as show


@click.command(
    "summary",
    epilog=examples(
        "v6-clinical run summary --site a.csv --site b.csv \\",
        "    --columns age,stage --group-by arm --save summary.json",
    ),
)
@options(SITES)
@click.option("--columns", required=True, callback=split, help="Columns, comma-separated.")
@click.option("--group-by", help="Categorical column whose levels are compared.")
@click.option("--levels", "levels", multiple=True, help="Codebook: stage=I,II,III.")
@click.option("--quantiles", callback=split, help="Quantiles, comma-separated: 0.05,0.95.")
@click.option("--correlation", is_flag=True, help="Correlations of the numeric columns.")
@click.option("--per-site", is_flag=True, help="Each site's own numbers beside the pooled ones.")
@options(*OUTPUT)
def run_summary(
    sites: tuple[str, ...],
    columns: list[str],
    group_by: str | None,
    levels: tuple[str, ...],
    quantiles: list[str],
    open_policy: bool,
    save: str | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Summarise columns over sites: the pooled Table 1."""
    arguments: dict[str, Any] = {"columns": columns, "group_by": group_by, **flags}
    arguments["levels"] = dict(codebook(entry) for entry in levels)
    if quantiles:
        arguments["quantiles"] = [number(text) for text in quantiles]
    result = run("summary", sites, arguments, open_policy, save)
    finish(result, as_json, show)
