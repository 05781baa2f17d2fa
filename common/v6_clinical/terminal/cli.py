"""The command ``v6-clinical``: run an analysis over files in one process, and see the demo."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from v6_clinical.face import Face
from v6_clinical.terminal.commands.files import examples
from v6_clinical.terminal.commands.operator import keys, policy
from v6_clinical.terminal.commands.report import report
from v6_clinical.terminal.commands.run import Method, run_group
from v6_clinical.terminal.commands.saved import show, table
from v6_clinical.terminal.render import leaves

EPILOG = f"""{
    examples(
        "v6-clinical demo",
        "v6-clinical run --help",
        "v6-clinical run ANALYSIS --site a.csv --site b.csv ... --save result.json",
        "v6-clinical table result.json --format docx",
        "v6-clinical report result.json",
    )
}

\b
Ends with 0 when done, 1 when refused or failed, 2 when used wrongly.

\b
Completion in bash: eval "$(_V6_CLINICAL_COMPLETE=bash_source v6-clinical)"
In zsh and fish: zsh_source, fish_source.
"""


@click.group(epilog=EPILOG)
@click.version_option(package_name="v6-clinical")
def main() -> None:
    """Run federated clinical analyses: pooled results, no patient rows leave a site."""


main.add_command(run_group)
main.add_command(show)
main.add_command(table)
main.add_command(report)
main.add_command(policy)
main.add_command(keys)


@main.command()
@click.option(
    "--output",
    "-o",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("v6-clinical-demo"),
    show_default=True,
    help="The folder that the reports are written into.",
)
def demo(output: Path) -> None:
    """Run each analysis on real data over three hospitals, beside the pooled rows."""
    from v6_clinical.terminal.demo import run_demo

    sys.exit(0 if run_demo(output) else 1)


@main.command("what-leaves", epilog=examples("v6-clinical what-leaves ANALYSIS --markdown"))
@click.argument("analysis", type=Method())
@click.option("--markdown", is_flag=True, help="As the analysis's README has it.")
def what_leaves(analysis: Face, markdown: bool) -> None:
    """Print every number that leaves a site, round by round, from the code's own declarations."""
    if markdown:
        click.echo(leaves.as_markdown(analysis.short))
    else:
        leaves.show(analysis.short)


@main.command(
    "store-json",
    epilog=examples("v6-clinical store-json ANALYSIS --major 4 --image registry.example/NAME:4"),
)
@click.argument("analysis", type=Method())
@click.option("--major", type=click.Choice(["4", "5"]), required=True, help="vantage6's major.")
@click.option("--image", default="", help="Where nodes pull the image.")
@click.option("--code-url", default="", help="Where the source code is.")
def store_json(analysis: Face, major: str, image: str, code_url: str) -> None:
    """Print what an algorithm store wants to know of the image of an analysis."""
    from v6_clinical import store

    found = store.store_json(analysis.package, int(major), image, code_url)
    click.echo(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False))
