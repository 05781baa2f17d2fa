"""Make the pages of docs/benchmarks from ``results.json`` and ``stack.json``: tables, figures.

``ci/bench --pages`` makes them anew without measuring.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import jinja2

from bench import node_pages
from bench.benchmark_cases import ANALYSES, CASES, DOCS
from bench.figures import draw

TEMPLATES = Path(__file__).with_name("templates")
Entry = dict[str, Any]


def write(folder: Path) -> None:
    """Write the pages and the figures beside the results; a file that is not there is the docs'."""
    results, stack = read(folder)
    for name, text in pages(results, stack).items():
        (folder / name).write_text(text)
    draw(results, folder)


def read(folder: Path) -> tuple[Entry, Entry]:
    """Return what ``results.json`` and ``stack.json`` hold."""
    files = (folder / "results.json", folder / "stack.json")
    found = [file if file.exists() else DOCS / file.name for file in files]
    results, stack = (json.loads(file.read_text()) for file in found)
    return results, stack


def pages(results: Entry, stack: Entry) -> dict[str, str]:
    """Return the pages by file name."""
    loader = jinja2.FileSystemLoader(TEMPLATES)
    strict = {"undefined": jinja2.StrictUndefined, "trim_blocks": True}
    environment = jinja2.Environment(loader=loader, **strict)  # noqa: S701 - writes markdown
    environment.filters |= {"thousands": lambda n: f"{n:,}", "number": number, "fixed": fixed}
    platform = CASES["platform"] | node_pages.platform(stack)
    told = {
        "machine": results["machine"],
        "startup": results["startup"],
        "platform": platform,
        "pairs": [pair_lines(pair) for pair in results["pairs"]],
        "published": [pair_lines(pair) for pair in results["published"]],
        "grid": {name: grid_lines(results, name) for name in ANALYSES},
        "bars": bars(results),
        "floor": floor(results, platform["round_v4"][1]),
    }
    found = dict.fromkeys(("index.md", "limits.md"), told)
    found["nodes.md"] = node_pages.told(stack)
    return {name: environment.get_template(f"{name}.j2").render(t) for name, t in found.items()}


def number(value: float | None, digits: int = 2) -> str:
    """Write a number with so many significant digits, and no more than it has."""
    if value is None:
        return ""
    return f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:,.0f}"


def fixed(value: float, digits: int = 1) -> str:
    """Write seconds, with so many digits behind the point."""
    return f"{value:.{digits}f}"


def totals(entry: Entry) -> Entry:
    """Return what a case of the grid took in all, and its plain evaluation."""
    rounds = entry["rounds"]
    plain = [line for line in rounds if line["step"] == "evaluate" and not line["report"]]
    return {
        **{name: entry[name] for name in ("analysis", "rows", "predictors", "sites", "memory")},
        "round_count": len(rounds),
        "numbers": sum(line["numbers"] for line in rounds),
        "bytes": sum(line["answer_bytes"] for line in rounds),
        "site": sum(line["site_seconds"] for line in rounds),
        "central": max(line["central_seconds"] for line in rounds),
        "evaluate_bytes": max((line["answer_bytes"] for line in plain), default=None),
    }


def grid_lines(results: Entry, analysis: str) -> list[Entry]:
    """Return the lines of an analysis's table."""
    return [totals(entry) for entry in results["grid"] if entry["analysis"] == analysis]


def pair_lines(pair: Entry) -> Entry:
    """Return medians of a comparison, and ratios of ours to each peer: medians of pairs."""
    ours = next(line for line in pair["tools"] if line["tool"] == "ours")
    lines = []
    for line in pair["tools"]:
        lines.append(
            {
                **line,
                "wall": median(line["seconds"]),
                "processor": median(line["cpu"]),
                "wall_ratio": _ratio(ours["seconds"], line["seconds"]),
                "cpu_ratio": _ratio(ours["cpu"], line["cpu"]),
            }
        )
    return {**pair, "tools": lines}


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def bars(results: Entry) -> list[Entry]:
    """Return each bar, what was measured, and whether it is met."""
    limits = CASES["bars"]
    ratios = (
        ("summary", "pandas", limits["summary_to_pandas"]),
        ("logistic", "statsmodels Logit", limits["logistic_to_logit"]),
        ("logistic", "glum", limits["logistic_to_glum"]),
        ("cox", "R coxph", limits["cox_to_r"]),
        ("cox", "lifelines", limits["cox_to_lifelines"]),
    )
    at_most: list[tuple[str, float, float | None]] = [
        (f"{ours}: seconds over those of {peer}, {case}", bar, found)
        for ours, peer, bar in ratios
        for case, found in _walls(results, ours, peer)
    ]
    grid = [totals(entry) for entry in results["grid"]]
    memory = {p: _most(_memory(grid, p)) for p in CASES["grid"]["predictors"]}
    wide = [line for line in grid if line["predictors"] == 50 and line["analysis"] != "summary"]
    ten = [line["central"] for line in wide if line["sites"] == 10]
    sent = [line["evaluate_bytes"] for line in wide if line["evaluate_bytes"] is not None]
    starts = [v for name, v in results["startup"].items() if name.startswith("answer")]
    at_most += [
        *(
            (f"memory of a site over its columns, 1e6 rows, p = {p}", limits["memory"], most)
            for p, most in memory.items()
        ),
        ("central CPU seconds a round, p = 50, 10 sites", limits["central_seconds"], _most(ten)),
        ("bytes of a plain evaluation, p = 50", limits["evaluate_bytes"], _most(sent)),
        ("CPU seconds of a partial, start to answer", limits["partial_seconds"], _most(starts)),
    ]
    return [
        {"what": what, "bar": bar, "found": found, "met": found <= bar}
        for what, bar, found in at_most
        if found is not None
    ]


def _most(values: Iterable[float]) -> float | None:
    return max(values, default=None)


def _memory(grid: list[Entry], predictors: int) -> list[float]:
    cases = [line for line in grid if line["rows"] == 1_000_000]
    return [line["memory"] for line in cases if line["predictors"] == predictors]


def _walls(results: Entry, analysis: str, peer: str) -> list[tuple[str, float]]:
    """Return each large case's name and ratio of wall times to a peer."""
    return [
        (_case(pair), float(line["wall_ratio"]))
        for pair in results["pairs"]
        if pair["analysis"] == analysis and pair["rows"] >= 1_000_000
        for line in pair_lines(pair)["tools"]
        if line["tool"] == peer
    ]


def _case(pair: Entry) -> str:
    sites = "" if pair["sites"] == 3 else f", {pair['sites']} site"
    return f"{pair['rows']:,} rows x {pair['predictors']}{sites}"


def floor(results: Entry, round_seconds: float) -> Entry:
    """Return the arithmetic of ``limits.md``: a fit of the largest logistic case, 10 predictors."""
    found = [line for line in grid_lines(results, "logistic") if line["predictors"] == 10]
    case = max((line for line in found if line["sites"] == 3), key=lambda line: line["rows"])
    entry = next(
        entry
        for entry in results["grid"]
        if all(entry[k] == case[k] for k in ("analysis", "rows", "predictors", "sites"))
    )
    plain = next(
        line for line in entry["rounds"] if line["step"] == "evaluate" and not line["report"]
    )
    rows = case["rows"] // case["sites"]
    data = rows * (case["predictors"] + 1) * 8
    return {
        **case,
        "site_rows": rows,
        "data_mb": data / 1e6,
        "step": plain["site_seconds"],
        "passes": plain["site_seconds"] / (data / results["startup"]["memory bytes a second"]),
        "flops": rows * (case["predictors"] + 1) ** 2 / 1e6,
        "blas": results["startup"]["BLAS flops a second"] / 1e9,
        "bandwidth": results["startup"]["memory bytes a second"] / 1e9,
        "platform_seconds": case["round_count"] * round_seconds,
        "share": case["site"] / (case["site"] + case["round_count"] * round_seconds),
    }


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
