"""The figures of docs/benchmarks: how time, memory and rounds grow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

from bench.benchmark_cases import ANALYSES

mpl.use("svg")
# The same results give the same file.
mpl.rcParams |= {"svg.hashsalt": "v6-clinical", "svg.fonttype": "none", "font.size": 9}

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

COLOURS = dict(zip(ANALYSES, ("#0072b2", "#d55e00", "#009e73"), strict=True))
MARKS = dict(zip(ANALYSES, "os^", strict=True))
Points = dict[str, list[tuple[float, float]]]


def draw(results: dict[str, Any], folder: Path) -> None:
    """Write ``scaling.svg`` and ``rounds.svg``."""
    grid = results["grid"]
    middle = sorted({entry["predictors"] for entry in grid})[1]
    largest = max(entry["rows"] for entry in grid)
    by_rows = [e for e in grid if (e["predictors"], e["sites"]) == (middle, 3)]
    by_columns = [e for e in grid if (e["rows"], e["sites"]) == (largest, 3)]
    figure, axes = plt.subplots(2, 2, figsize=(8, 6), layout="constrained")
    seconds, memory = "CPU seconds of a site, all rounds", "peak memory of a site, x its columns"
    _lines(axes[0, 0], _points(by_rows, "rows", _site), f"rows of 3 sites, p = {middle}", seconds)
    _lines(axes[0, 1], _points(by_columns, "predictors", _site), f"p, {largest:,} rows", seconds)
    _lines(axes[1, 0], _points(by_rows, "rows", _memory), f"rows of 3 sites, p = {middle}", memory)
    _lines(axes[1, 1], _points(by_columns, "predictors", _memory), f"p, {largest:,} rows", memory)
    for axis in axes.flat:
        axis.set_xscale("log")
        measured = sorted({x for line in axis.get_lines() for x in line.get_xdata()})
        axis.set_xticks(measured, [f"{x:,}" for x in measured])
        axis.set_xticks([], minor=True)
    for axis in axes[0]:
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter("")
    for axis in axes[1]:
        axis.set_ylim(bottom=0)
        axis.axhline(4, color="grey", linewidth=0.8, linestyle="--")
    _save(figure, folder / "scaling.svg")
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained", sharey=True)
    for axis, p in zip(axes, (middle, 50), strict=True):
        rounds = [e for e in grid if (e["predictors"], e["rows"]) == (p, min(100_000, largest))]
        _lines(axis, _points(rounds, "sites", _rounds), f"sites, p = {p}", "rounds")
        axis.set_ylim(0, 7)
        axis.set_xlim(0, 11)
    _save(figure, folder / "rounds.svg")


def _site(entry: dict[str, Any]) -> float:
    return sum(line["site_seconds"] for line in entry["rounds"])


def _memory(entry: dict[str, Any]) -> float:
    return float(entry["memory"])


def _rounds(entry: dict[str, Any]) -> float:
    return len(entry["rounds"])


def _points(entries: list[dict[str, Any]], x: str, y: Any) -> Points:
    found: Points = {}
    for entry in sorted(entries, key=lambda entry: entry[x]):
        found.setdefault(entry["analysis"], []).append((entry[x], y(entry)))
    return found


def _lines(axis: Axes, points: Points, x: str, y: str) -> None:
    for analysis, line in points.items():
        style = {"color": COLOURS[analysis], "marker": MARKS[analysis], "markersize": 4}
        axis.plot(*zip(*line, strict=True), label=analysis, **style)
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
