"""Where the seconds of a round go on real nodes.

Taken from what is there: the server's record of every sub-task's run (``started_at``: the node
took it up; ``finished_at``: the node began to upload its result), and the Docker engine's events
(a container created, started, ended). The runs' ``assigned_at`` is of no use: vantage6 4.15.2 and
5.0.3 both write the time at which the server itself was started. What imports take of a
container's life is printed by ``tests/images``: Python's own import profile fills the log that a
node sends to its server, and slows what it measures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from statistics import mean
from typing import Any

from stacks.engine import docker

PARTS = ("node, before", "container start", "imports, answer", "node, after", "poll")
# The run's number in its container's name.
RUN = re.compile(r"-run-(\d+)(?:-[0-9a-f]{5})?$")
# The engine's words for the events of a container that are looked at.
EVENTS = ["--filter", "type=container", "--format", "{{json .}}"]
EVENTS += [word for event in ("create", "start", "die") for word in ("--filter", f"event={event}")]
Times = dict[str, float]


@dataclass(frozen=True)
class Split:
    """A round's seconds, and its parts along the site that answered last."""

    total: float
    parts: tuple[float, ...]


def table(runs: list[dict[str, Any]], sites: int) -> str:
    """Return the mean split of an analysis's rounds, as lines to print.

    Parameters
    ----------
    runs
        The server's records of the sites' runs.
    sites
        How many runs make a round.
    """
    splits = rounds(runs, containers(runs), sites)
    lines = [f"  seconds of a round, mean of {len(splits)} (all but the first)"]
    lines += [
        f"    {name:16} {mean(split.parts[k] for split in splits):5.2f}"
        for k, name in enumerate(PARTS)
    ]
    return "\n".join([*lines, f"    {'whole':16} {mean(s.total for s in splits):5.2f}"])


def rounds(runs: list[dict[str, Any]], lives: dict[int, Times], sites: int) -> list[Split]:
    """Split every round but the first, whose beginning no record tells.

    A round lasts from one round's last ``finished_at`` to the next one's. The parts add up to it.
    """
    ordered = sorted(runs, key=lambda run: int(run["id"]))
    groups = [ordered[k : k + sites] for k in range(0, len(ordered), sites)]
    last = [max(group, key=lambda run: moment(run["finished_at"])) for group in groups]
    found = []
    for before, run in pairwise(last):
        begun, ended = moment(before["finished_at"]), moment(run["finished_at"])
        parts = (*at_site(run, lives[int(run["id"])]), moment(run["started_at"]) - begun)
        found.append(Split(ended - begun, parts))
    return found


def at_site(run: dict[str, Any], life: Times) -> tuple[float, float, float, float]:
    """Return the parts from where a node took a run up: all of PARTS but the poll."""
    return (
        life["create"] - moment(run["started_at"]),
        life["start"] - life["create"],
        life["die"] - life["start"],
        moment(run["finished_at"]) - life["die"],
    )


def containers(runs: list[dict[str, Any]]) -> dict[int, Times]:
    """Return when each run's container was created, was started and ended, as the engine says."""
    since = min(moment(run["started_at"]) for run in runs) - 1
    until = max(moment(run["finished_at"]) for run in runs) + 1
    words = ["--since", f"{since:.3f}", "--until", f"{until:.3f}", *EVENTS]
    return lives(docker("events", *words).splitlines())


def lives(lines: Iterable[str]) -> dict[int, Times]:
    """Return the same of the engine's events, each a line of JSON."""
    found: dict[int, Times] = {}
    for line in lines:
        event = json.loads(line)
        number = RUN.search(event["Actor"]["Attributes"]["name"])
        if number:
            found.setdefault(int(number[1]), {})[event["Action"]] = event["timeNano"] / 1e9
    return found


def moment(text: str) -> float:
    """Return the seconds of a server's time stamp, which is in UTC whether it says so or not."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
