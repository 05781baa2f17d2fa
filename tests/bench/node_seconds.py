"""Where the seconds of a whole analysis go on real nodes, each step in turn: they add up.

Beside what ``stacks.seconds`` reads there are the server's ``created_at`` of every sub-task, and
the moments at which the analyst's client sent the task and saw its end.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from bench.node_cases import SITES
from stacks.seconds import Times, at_site, moment

# The steps of a round along the site that answered last, and whether the platform takes them.
ROUND = {
    "centre": False,  # sees that all have answered, computes, asks
    "node takes it up": True,
    "node, before": True,
    "container start": True,
    "imports, answer": False,
    "node, after": True,
}
# Those before the first round, and after the last.
BEFORE = {"node takes it up, starts a container": True, "centre imports and asks": False}
AFTER = {"centre concludes": False, "node and client": True}
Steps = dict[str, float]


def parts(report: dict[str, Any], lives: dict[int, Times]) -> dict[str, Any]:
    """Split an analysis's seconds; its first round has no step of the centre.

    Parameters
    ----------
    report
        What ``stacks.v4.analyst`` wrote of an analysis that ended well.
    lives
        When each run's container was created, started and ended.
    """
    (central,) = report["central"]
    life = lives[int(central["id"])]
    runs = sorted(report["runs"], key=lambda run: int(run["id"]))
    groups = [runs[k : k + SITES] for k in range(0, len(runs), SITES)]
    rounds = [_round(group, lives) for group in groups]
    for (before, _), (group, steps) in pairwise(zip(groups, rounds, strict=True)):
        steps["centre"] = _asked(group) - _end(before)
    end = _end(groups[-1])
    before = (life["start"] - report["created"], _asked(groups[0]) - life["start"])
    after = (life["die"] - end, report["created"] + report["seconds"] - life["die"])
    return {
        "before": dict(zip(BEFORE, before, strict=True)),
        "rounds": rounds,
        "after": dict(zip(AFTER, after, strict=True)),
    }


def _round(group: list[dict[str, Any]], lives: dict[int, Times]) -> Steps:
    run = max(group, key=lambda run: moment(run["finished_at"]))
    taken = moment(run["started_at"]) - _asked(group)
    steps = (0.0, taken, *at_site(run, lives[int(run["id"])]))
    return dict(zip(ROUND, steps, strict=True))


def _asked(group: list[dict[str, Any]]) -> float:
    return min(moment(run["asked_at"]) for run in group)


def _end(group: list[dict[str, Any]]) -> float:
    return max(moment(run["finished_at"]) for run in group)


def whole(run: dict[str, Any], *, platform: bool) -> float:
    """Return the seconds of a split analysis that the platform takes, or the algorithm."""
    steps = [(BEFORE, run["before"]), (AFTER, run["after"]), *((ROUND, r) for r in run["rounds"])]
    return sum(line[name] for kinds, line in steps for name in line if kinds[name] is platform)
