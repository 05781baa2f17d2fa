"""Two commands that read a saved result: ``show``, ``table``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from v6_clinical.terminal.commands.files import examples

if TYPE_CHECKING:
    from v6_clinical.analyst import Result

RESULT = click.argument("result", type=click.Path(exists=True, dir_okay=False))


def _load(path: str) -> Result:
    """Read a result; what is none is a wrong use, a refused one ends with its remedy."""
    from v6_clinical.analyst import AnalysisError, load

    try:
        return load(path)
    except AnalysisError as error:
        raise click.ClickException(f"{path} has no tables. {error}") from None
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None


def _pairs(
    context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]
) -> dict[str, str]:
    """Read each COLUMN=TEXT; the column may hold a level, as in sex=F=women."""
    found = dict(text.rpartition("=")[::2] for text in texts)
    if "" in found:
        raise click.BadParameter("write it as COLUMN=TEXT or COLUMN=LEVEL=TEXT")
    return found


@click.command(epilog=examples("v6-clinical show result.json"))
@RESULT
def show(result: str) -> None:
    """Print a saved RESULT again."""
    click.echo(str(_load(result)), nl=False)


@click.command(
    epilog=examples(
        'v6-clinical table result.json --median nodes --label "age=Age, years"',
        "v6-clinical table result.json --format docx",
    )
)
@RESULT
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "html", "latex", "docx"]),
    help="Default what --output ends in, or markdown.",
)
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="The file to write.")
@click.option(
    "--label", "labels", multiple=True, callback=_pairs, help="A name in print: age=Age, years."
)
@click.option("--title", help="The table's title.")
@click.option("--digits", type=click.IntRange(0, 10), help="Decimals of means or ratios.")
@click.option("--median", multiple=True, help="Table 1: a variable shown by its median.")
def table(
    result: str,
    form: str | None,
    output: str | None,
    labels: dict[str, str],
    title: str | None,
    digits: int | None,
    median: tuple[str, ...],
) -> None:
    """Format a saved RESULT for a manuscript: Table 1, a regression's table, or its first one."""
    found = _load(result)
    if form == "docx" and output is None:
        output = str(Path(result).with_suffix(".docx"))
    method: Callable[..., Any] = getattr(found, "table1", found.table)
    asked = {"labels": labels, "title": title, "digits": digits, "median": median}
    more: dict[str, Any] = {
        name: value for name, value in asked.items() if value not in (None, {}, ())
    }
    for name in more.keys() - inspect.signature(method).parameters.keys():
        option = name.rstrip("s") if name == "labels" else name
        raise click.UsageError(f"--{option}: this result's table has none.")
    text = method(form, output, **more)
    click.echo(text if output is None else f"wrote {output}", nl=output is not None)
