"""The command ``v6-clinical``: run an analysis over files in one process, and see the demo."""

from __future__ import annotations

import json
import os
import sys

import click

from v6_clinical.disclosure import Policy
from v6_clinical.errors import RefusalError
from v6_clinical.protocol.registry import face_of, methods
from v6_clinical.settings import problems
from v6_clinical.terminal.commands.cox import run_cox
from v6_clinical.terminal.commands.files import examples
from v6_clinical.terminal.commands.logistic import run_logistic
from v6_clinical.terminal.commands.report import report
from v6_clinical.terminal.commands.saved import show, table
from v6_clinical.terminal.commands.summary import run_summary
from v6_clinical.terminal.render import leaves
from v6_clinical.terminal.render.policy import policy as show_policy

EPILOG = f"""{
    examples(
        "v6-clinical demo",
        "v6-clinical run cox --site a.csv --site b.csv --time days --event died "
        "--predictors age,sex --save cox.json",
        "v6-clinical table cox.json --format docx",
        "v6-clinical report cox.json",
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


@main.group("run")
def run_group() -> None:
    """Run an analysis over files, one a site, in this process."""


run_group.add_command(run_summary)
run_group.add_command(run_logistic)
run_group.add_command(run_cox)
main.add_command(show)
main.add_command(table)
main.add_command(report)


@main.command()
def demo() -> None:
    """Show a federated Table 1 beside the pooled one, on real data over three hospitals."""
    from v6_clinical.terminal.demo import run_demo

    sys.exit(0 if run_demo() else 1)


@main.command(epilog=examples("V6C_MIN_ROWS=20 v6-clinical policy"))
def policy() -> None:
    """Print the limits that the V6C_* settings of this environment give, or what is wrong."""
    try:
        show_policy(Policy.from_environment(os.environ))
    except RefusalError:
        wrong = "\n".join(problems(os.environ))
        raise click.ClickException(f"every question would be refused.\n{wrong}") from None


@main.command("what-leaves", epilog=examples("v6-clinical what-leaves cox"))
@click.argument("analysis", type=click.Choice(list(methods())))
@click.option("--markdown", is_flag=True, help="As the analysis's README has it.")
def what_leaves(analysis: str, markdown: bool) -> None:
    """Print every number that leaves a site, round by round, from the code's own declarations."""
    if markdown:
        click.echo(leaves.as_markdown(analysis))
    else:
        leaves.show(analysis)


@main.command(
    "store-json",
    epilog=examples("v6-clinical store-json cox --major 4 --image registry.example/v6-cox:4"),
)
@click.argument("analysis", type=click.Choice(list(methods())))
@click.option("--major", type=click.Choice(["4", "5"]), required=True, help="vantage6's major.")
@click.option("--image", default="", help="Where nodes pull the image.")
@click.option("--code-url", default="", help="Where the source code is.")
def store_json(analysis: str, major: str, image: str, code_url: str) -> None:
    """Print what an algorithm store wants to know of an analysis."""
    from v6_clinical import store

    found = store.store_json(face_of(analysis).package, int(major), image, code_url)
    click.echo(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False))
