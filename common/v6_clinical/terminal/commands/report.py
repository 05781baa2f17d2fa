"""``v6-clinical report``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from v6_clinical.terminal.commands.files import examples


@click.command("report", epilog=examples("v6-clinical report result.json -o result.html"))
@click.argument("result", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Default: RESULT.html.")
def report(result: Path, output: Path | None) -> None:
    """Write a result as one HTML page: tables, figures, methods, and what left the sites.

    RESULT is a JSON file, of `v6-clinical run … --json` or of Result.save; refused and failed
    results make a page too, which says what helps.
    """
    from v6_clinical.analyst.report import html

    try:
        page = html(_read(result))
    except ValueError as error:
        raise click.ClickException(f"{result}: {error}.") from None
    target = result.with_suffix(".html") if output is None else output
    try:
        target.write_text(page, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{target}: cannot be written ({error.strerror}).") from None
    click.echo(f"wrote {target}", err=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be read ({error.strerror}).") from None
    except ValueError:
        raise ValueError("this is no JSON file: write it with --json") from None
    if not isinstance(found, dict):
        raise ValueError("this is no result: write it with --json")
    return found
