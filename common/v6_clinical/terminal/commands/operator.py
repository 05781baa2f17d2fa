"""What a node's operator calls: ``v6-clinical policy`` and ``v6-clinical keys``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from v6_clinical.disclosure import Policy
from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.platforms.node_config import NodeConfig, NodeConfigError, read_node_config
from v6_clinical.protocol.agreed import request_digests
from v6_clinical.protocol.registry import face_of, load_method
from v6_clinical.protocol.request import parse_request
from v6_clinical.settings import SECRET_BYTES, problems
from v6_clinical.terminal.commands.files import examples
from v6_clinical.terminal.render.policy import policy as show_policy

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(
    epilog=examples(
        "V6C_MIN_ROWS=20 v6-clinical policy",
        "v6-clinical policy --config node.yaml",
        "v6-clinical policy --config node.yaml --request result.json",
    )
)
@click.option("--config", type=FILE, help="A node's configuration, of vantage6 4.x or 5.x.")
@click.option(
    "--request",
    type=FILE,
    multiple=True,
    help="A saved result, or its analysis and request: print its digests, and whether it is "
    "answered.",
)
def policy(config: Path | None, request: tuple[Path, ...]) -> None:
    """Print the limits that V6C_* settings give, or what is wrong with them.

    The settings are those of this environment, or of a node's configuration.
    """
    node = NodeConfig(os.environ, (), ()) if config is None else _node(config)
    limits = _limits(node, "this environment" if config is None else str(config))
    show_policy(limits)
    for remark in [*node.remarks, *_remarks(limits)]:
        click.echo(f"Note: {remark}")
    for path in request:
        _show_digests(path, limits)


@click.command(epilog=examples("v6-clinical keys >> notes.yaml"))
def keys() -> None:
    """Make a new V6C_SECRET for one node, and print it for the node's configuration.

    It is kept nowhere else. Whoever knows it can take the noise off this node's answers.
    """
    import base64
    import secrets

    secret = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    click.echo("# For the configuration of one node, and nowhere else: under algorithm_env (4.x),")
    click.echo("# or node.algorithm_env of the chart's values (5.x). Then start the node again.")
    click.echo("# A new secret draws new noise: change it only if somebody else has seen it.")
    click.echo(f'algorithm_env:\n  V6C_SECRET: "{secret}"')


def print_digests(digests: Sequence[str]) -> None:
    """Print a request's digests, as an operator lists them."""
    click.echo(f'V6C_ALLOWED_REQUESTS: "{",".join(digests)}"')


def _node(path: Path) -> NodeConfig:
    import yaml

    try:
        return read_node_config(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise click.UsageError(f"--config {path}: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise click.ClickException(f"{path} is no YAML.") from None
    except NodeConfigError as error:
        raise click.ClickException(f"{path}: {error}.") from None


def _limits(node: NodeConfig, where: str) -> Policy:
    wrong = [*node.wrong, *problems(node.environment)]
    try:
        found = Policy.from_environment(node.environment)
    except RefusalError:
        text = "\n".join([f"{where}: every question would be refused.", *wrong])
        raise click.ClickException(text) from None
    if wrong:
        raise click.ClickException("\n".join([f"{where}: not as it is written.", *wrong]))
    return found


def _remarks(limits: Policy) -> Iterator[str]:
    if not limits.noise.on:
        yield "V6C_BLUR and V6C_BLUR_ROWS are 0: sums are exact, and few of them tell rows."
    elif limits.secret is None:
        yield (
            "V6C_SECRET is not set: noise is drawn anew at every call, and whoever asks again "
            "averages it away. v6-clinical keys makes one."
        )


def _show_digests(path: Path, limits: Policy) -> None:
    digests = _digests(path)
    listed = limits.allowed_requests
    answered = listed is None or listed.issuperset(digests)
    click.echo(f"{path}: {'answered' if answered else 'refused with REQUEST_NOT_ALLOWED'}")
    print_digests(digests)


def _digests(path: Path) -> tuple[str, ...]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        analysis, arguments = found["analysis"], found["request"]
        if not isinstance(arguments, Mapping):
            raise TypeError("no arguments")
        return digests_of(str(analysis), dict(arguments))
    except OSError as error:
        raise click.UsageError(f"--request {path}: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        words = 'a saved result, or {"analysis": ..., "request": {...}}'
        raise click.UsageError(f"--request {path}: is not {words}.") from None
    except AnalysisError as error:
        raise click.ClickException(f"{path}: {error.message} {error.remedy}") from None


def digests_of(analysis: str, arguments: dict[str, Any]) -> tuple[str, ...]:
    """Return the digests of an analysis's request.

    Raises
    ------
    AnalysisError
        If the request is none.
    ValueError
        If there is no such analysis, or its requests cannot be listed.
    """
    central = load_method(face_of(analysis))
    found = request_digests(central, parse_request(central.request, arguments))
    if not found:
        raise ValueError(f"requests of {analysis} cannot be listed")
    return found
