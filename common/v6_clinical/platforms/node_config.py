"""A vantage6 node's own configuration: the settings that it gives to algorithms, and remarks.

A 4.x node has ``algorithm_env`` at the top of its file. On 5.x the file from which the chart is
installed has it under ``node``, and the configuration that the node itself reads at the top. A
node writes every value as Python prints it, so that is how it is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from v6_clinical.settings import PREFIX, SETTINGS

ENVIRONMENT: Final = "algorithm_env"
BY_DIGEST: Final = re.compile(r"\^?[^^*$|()\[\]]+@sha256:[0-9a-f]{64}\$?")
DEBUG: Final = ("debug", "notset", "10", "0")


class NodeConfigError(ValueError):
    """What was given is no configuration of a node that algorithms get settings from."""


@dataclass(frozen=True)
class NodeConfig:
    """What a node gives to algorithms.

    Attributes
    ----------
    environment
        The variables of ``algorithm_env`` as a container finds them.
    wrong
        Why settings do not reach an algorithm, or not as they are written; a sentence each.
    remarks
        What else in the configuration concerns what may leave; a sentence each.
    """

    environment: Mapping[str, str]
    wrong: tuple[str, ...]
    remarks: tuple[str, ...]


def read_node_config(config: object) -> NodeConfig:
    """Read a node's configuration, as YAML gives it.

    Raises
    ------
    NodeConfigError
        If it is no mapping, or ``algorithm_env`` is none.
    """
    if not isinstance(config, Mapping):
        raise NodeConfigError("it is no mapping of names to values")
    inside = config.get("node")
    place, node = ("node.", inside) if isinstance(inside, Mapping) else ("", config)
    given = node.get(ENVIRONMENT)
    if given is not None and not isinstance(given, Mapping):
        raise NodeConfigError(
            f'{place}{ENVIRONMENT} is no mapping: write each setting as NAME: "value", '
            "without a dash before it"
        )
    environment = {str(name): str(value) for name, value in (given or {}).items()}
    wrong = [*_elsewhere(config, (*place.split(".")[:-1], ENVIRONMENT)), *_unquoted(given or {})]
    return NodeConfig(environment, tuple(wrong), tuple(_remarks(node, environment)))


def _elsewhere(part: object, right: tuple[str, ...], path: tuple[str, ...] = ()) -> Iterator[str]:
    """Find settings that stand where no algorithm gets them from."""
    if isinstance(part, list):
        for each in part:
            yield from _elsewhere(each, right, path)
    if not isinstance(part, Mapping) or path == right:
        return
    for name, value in part.items():
        if str(name).upper().startswith(PREFIX):
            place = ".".join(path) or "the top"
            yield f"{name} stands under {place}: only what is under {'.'.join(right)} is read."
        else:
            yield from _elsewhere(value, right, (*path, str(name)))


def _unquoted(given: Mapping[Any, Any]) -> Iterator[str]:
    """Find text that YAML makes something else of: ``no`` is false, and ``010`` is eight.

    Numbers and flags, of which a node prints what means the same, are as well without quotes.
    """
    for name, value in given.items():
        setting = SETTINGS.get(str(name))
        if setting is None or isinstance(value, str):
            continue
        with suppress(ValueError):
            if isinstance(setting(str(value)), int | float):
                continue
        shown = "something else" if setting.hidden else repr(str(value))
        yield f"{name} is not in quotes: an algorithm is given {shown}."


def _remarks(node: Mapping[Any, Any], environment: Mapping[str, str]) -> Iterator[str]:
    if not environment:
        yield f"There is no {ENVIRONMENT}: what is shipped holds."
    policies = node.get("policies")
    allowed = policies.get("allowed_algorithms") if isinstance(policies, Mapping) else None
    images = [allowed] if isinstance(allowed, str) else allowed
    named = [str(image) for image in images] if isinstance(images, list) else []
    loose = [image for image in named if not BY_DIGEST.fullmatch(image)]
    if not named:
        yield "policies.allowed_algorithms is not set: list images, each by its digest."
    elif loose:
        yield f"policies.allowed_algorithms: {', '.join(loose)} not by digest (NAME@sha256:...)."
    secrets = [name for name in ("V6C_SECRET", "V6C_PRIVATE_KEY") if name in environment]
    if not secrets:
        return
    words = " and ".join(secrets)
    if not named or loose:
        yield f"An image that is not named by its digest could send {words} away."
    logging = node.get("logging")
    level = logging.get("level") if isinstance(logging, Mapping) else None
    if str(level).lower() in DEBUG:
        yield f"logging.level is {level}: a node of 4.x then writes {words} into its log."
