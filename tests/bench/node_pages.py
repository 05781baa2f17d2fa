"""What the pages say of ``stack.json``: whole analyses on real nodes, and a round's seconds."""

from __future__ import annotations

import re
from statistics import mean, median
from typing import Any

from bench.node_cases import OURS
from bench.node_seconds import ROUND, whole

Entry = dict[str, Any]
README = re.compile(r"\d+\.\d to \d+\.\d s on 4\.15\.2")


def told(stack: Entry) -> Entry:
    """Return what ``nodes.md`` is written from."""
    return {
        **{name: stack[name] for name in ("machine", "images", "left_out")},
        "steps": list(ROUND),
        "lines": [line for case in stack["cases"] for line in _lines(case)],
    }


def _lines(case: Entry) -> list[Entry]:
    """Return a line for each tool of a case."""
    (ours,) = (tool for tool in case["tools"] if tool["tool"] == OURS)
    return [_line(case, tool, ours) for tool in case["tools"]]


def _line(case: Entry, tool: Entry, ours: Entry) -> Entry:
    good = [run for run in tool["runs"] if run["error"] is None]
    seconds = [run["seconds"] for run in tool["runs"]]
    pairs = zip(tool["runs"], ours["runs"], strict=True)
    ratios = [a["seconds"] / b["seconds"] for a, b in pairs if a["error"] is b["error"] is None]
    return {
        "about": f"{case['analysis']}, {case['data']}, {case['rows']:,} x {case['columns']}",
        "tool": tool["tool"],
        "runs": len(tool["runs"]),
        "errors": sorted({run["error"] for run in tool["runs"]} - {None}),
        "seconds": median(seconds),
        "least": min(seconds),
        "most": max(seconds),
        "ratio": median(ratios) if ratios and tool is not ours else None,
        **{name: tool[name] for name in ("digits", "digits_errors")},
        "split": _split(good) if good else None,
    }


def _split(runs: list[Entry]) -> Entry:
    """Return means over runs and rounds, which add up; a round's are of all but the first."""
    rounds = later_rounds(runs)
    before = {name: mean(run["before"][name] for run in runs) for name in runs[0]["before"]}
    after = {name: mean(run["after"][name] for run in runs) for name in runs[0]["after"]}
    return {
        "rounds": mean(len(run["rounds"]) for run in runs),
        "platform": mean(whole(run, platform=True) for run in runs),
        "algorithm": mean(whole(run, platform=False) for run in runs),
        "before": list(before.values()),
        "in_rounds": mean(sum(sum(line.values()) for line in run["rounds"]) for run in runs),
        "after": list(after.values()),
        "a_round": median(sum(line.values()) for line in rounds),
        "round": {name: mean(line[name] for line in rounds) for name in ROUND},
    }


def later_rounds(runs: list[Entry]) -> list[Entry]:
    """Return the rounds of runs that went well, but each one's first, which has no centre."""
    return [line for run in runs if run["error"] is None for line in run["rounds"][1:]]


def platform(stack: Entry) -> Entry:
    """Return a round's seconds on 4.x nodes, as ``limits.md`` and the README tell them."""
    ours = [tool for case in stack["cases"] for tool in case["tools"] if tool["tool"] == OURS]
    totals = [
        median(sum(line.values()) for line in later_rounds(tool["runs"]))
        for tool in ours
        if later_rounds(tool["runs"])
    ]
    rounds = [line for tool in ours for line in later_rounds(tool["runs"])]
    return {
        "round_v4": [min(totals), max(totals)],
        "rounds": len(rounds),
        "steps": {name: mean(line[name] for line in rounds) for name in ROUND},
        "platform": mean(sum(line[n] for n, is_its in ROUND.items() if is_its) for line in rounds),
    }


def readme(text: str, stack: Entry) -> str:
    """Put the measured seconds of a round into the README."""
    low, high = platform(stack)["round_v4"]
    return README.sub(f"{low:.1f} to {high:.1f} s on 4.15.2", text)
