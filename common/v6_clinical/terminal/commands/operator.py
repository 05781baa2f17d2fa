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
    node, limits = _in_force(config)
    show_policy(limits)
    if limits.secure != "off":
        for line in public_lines(limits):
            click.echo(line)
    for remark in [*node.remarks, *_remarks(limits), *_remarks_of_keys(limits)]:
        click.echo(f"Note: {remark}")
    for path in request:
        _show_digests(path, limits)


@click.command(
    epilog=examples("v6-clinical keys >> notes.yaml", "v6-clinical keys --config node.yaml")
)
@click.option("--show", is_flag=True, help="Make none: show what others may see of those in force.")
@click.option("--config", type=FILE, help="Show those of a node's configuration, 4.x or 5.x.")
def keys(show: bool, config: Path | None) -> None:
    """Make a new V6C_SECRET and V6C_PRIVATE_KEY for one node, and print them for its configuration.

    They are kept nowhere else. Whoever knows the secret can take the noise off this node's answers;
    whoever knows the private key can answer in its name, and take the masks off with all others'.
    """
    if show or config is not None:
        _show_keys(_in_force(config)[1])
        return
    import base64
    import secrets

    from v6_clinical.secure.keys import KeyPair

    secret = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    pair = KeyPair.make()
    click.echo("# For the configuration of one node, and nowhere else: under algorithm_env (4.x),")
    click.echo("# or node.algorithm_env of the chart's values (5.x). Then start the node again.")
    click.echo("# A new secret draws new noise: change it only if somebody else has seen it.")
    click.echo(f'algorithm_env:\n  V6C_SECRET: "{secret}"')
    click.echo("# For V6C_SECURE only. A new key needs a new V6C_PEERS at every partner.")
    click.echo(f'  V6C_PRIVATE_KEY: "{pair.text}"')
    click.echo("# The public key that belongs to it, for the partners' V6C_PEERS:")
    click.echo(f"# {pair.public}")


def _in_force(config: Path | None) -> tuple[NodeConfig, Policy]:
    """Return a node's configuration, or what this environment says, and its limits."""
    node = NodeConfig(os.environ, (), ()) if config is None else _node(config)
    return node, _limits(node, "this environment" if config is None else str(config))


def _show_keys(limits: Policy) -> None:
    if limits.private_key is None and limits.peers is None:
        raise click.ClickException("Neither V6C_PRIVATE_KEY nor V6C_PEERS is set.")
    for line in public_lines(limits):
        click.echo(line)


def public_lines(limits: Policy) -> Iterator[str]:
    """Yield what a site's operator compares with the partners' operators."""
    from v6_clinical.secure.keys import KeyPair

    own = None if limits.private_key is None else KeyPair(limits.private_key).public
    if own is not None:
        yield f"Public key: {own}"
    if limits.peers is None:
        return
    ids = ", ".join(map(str, limits.peers.ids))
    yield f"Partners (V6C_PEERS): organisations {ids}; epoch {limits.peers.epoch}"
    yield f"Fingerprint, the same at every partner: {limits.peers.fingerprint}"
    if own is not None:
        place = limits.peers.organization_of(own)
        words = "not on the list" if place is None else f"organisation {place}"
        yield f"This site: {words}"


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


def _remarks_of_keys(limits: Policy) -> Iterator[str]:
    if limits.secure == "off" and (limits.private_key is not None or limits.peers is not None):
        yield "V6C_SECURE is off: V6C_PRIVATE_KEY and V6C_PEERS are of no effect."
    if limits.secure == "on":
        yield (
            "V6C_SECURE is on: where a partner takes part without keys, this site answers whatever "
            "it is asked. Set it to required once all partners have keys."
        )
    if limits.secure != "off" and limits.secure_min_sites == 2:
        yield "V6C_SECURE_MIN_SITES is 2: of two sites each learns the other's sums."


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
