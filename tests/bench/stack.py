"""Whole analyses on real nodes: ours, and the images of published algorithms, in turn.

``ci/bench --stack`` calls this. It starts vantage6 4.15.2, server and three nodes, as
``make stack-v4`` does, writes ``stack.json``, and makes the pages. The nodes have no settings:
everybody's own defaults are in force. They allow the images that run, by digest, and nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench import node_pages
from bench.benchmark_cases import DOCS
from bench.long_digits import digits
from bench.node_cases import OURS, SITES, NodeCase, cases
from bench.node_seconds import parts
from bench.pages import write
from bench.run import machine
from bench.theirs import Array
from stacks import scenarios, seconds
from stacks.engine import docker
from stacks.v4.stack import Stack
from v6_clinical.protocol.registry import face_of

ROOT = Path(__file__).parents[2]
PATIENCE = 900  # seconds with an analysis, on a busy machine
ANY_ERROR = re.compile(r"^(?:\w+\.)*(\w+(?:Error|Exception|Violation))\b", re.MULTILINE)
INSIDE = (
    "import json, sys; from importlib.metadata import version; "
    "print(json.dumps({'python': sys.version.split()[0], 'numpy': version('numpy'), "
    "'pandas': version('pandas')}))"
)


def main() -> None:
    """Read the options, measure, and write."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--quick", action="store_true", help="every analysis once, to try it out")
    words.add_argument("--out", type=Path, default=DOCS, help="folder of stack.json and pages")
    words.add_argument(
        "--published",
        type=Path,
        default=os.environ.get("V6_PUBLISHED"),
        help="folder with checkouts v6-glm-py and v6-summary-py (or variable V6_PUBLISHED)",
    )
    options = words.parse_args()
    results = measure(cases(repeats=1 if options.quick else None), options.published)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "stack.json").write_text(json.dumps(results, indent=1) + "\n")
    write(options.out)
    if options.out == DOCS:
        page = ROOT / "README.md"
        page.write_text(node_pages.readme(page.read_text(), results))


def measure(wanted: Sequence[NodeCase], published: Path | None) -> dict[str, Any]:
    """Start the stack and run every case on it."""
    images = dict(pair.split("=") for pair in os.environ["STACK_IMAGES_4"].split())
    theirs, left_out = _published({peer for case in wanted for peer in case.peers}, published)
    found: dict[str, Any] = {"machine": machine(), "left_out": left_out}
    found["images"] = {name: about for name, (_, about) in theirs.items()}
    found["images"] |= {
        package: _inside(image) | {"version": image.partition(":")[2]}
        for package, image in images.items()
    }
    images |= {name: image for name, (image, _) in theirs.items()}
    with ExitStack() as cleanup:
        place = tempfile.TemporaryDirectory(prefix="v6c-bench-", ignore_cleanup_errors=True)
        folder = Path(cleanup.enter_context(place))
        names = scenarios.push(cleanup, folder, images)
        for name in scenarios.allowed(names):  # the first run of each is not to wait for a pull
            docker("pull", "--quiet", name)
        began = time.monotonic()
        data = {case.label: list(case.frames) for case in wanted}
        allowed, environment = scenarios.allowed(names), [{}] * SITES
        (folder / "plain").mkdir()
        stack = Stack(cleanup, folder / "plain", data, environment, allowed, encrypted=False)
        print(f"three nodes: {time.monotonic() - began:.0f} s until they were started", flush=True)
        with engine_events(folder / "events") as events:
            found["cases"] = [measure_case(stack, case, names, events) for case in wanted]
    return found


def measure_case(
    stack: Stack, case: NodeCase, names: dict[str, str], events: Path
) -> dict[str, Any]:
    """Run a case's tools in turn."""
    tools = [tool for tool in case.tools if tool == OURS or tool in names]
    runs: dict[str, list[dict[str, Any]]] = {tool: [] for tool in tools}
    last: dict[str, tuple[Array, Array]] = {}
    for _ in range(case.repeats):
        for tool in tools:
            image = names[face_of(case.analysis).package if tool == OURS else tool]
            task = {"image": image, "database": case.label, "patience": PATIENCE}
            report = stack.ask(task | case.question(tool))
            time.sleep(0.5)  # the engine's events of the last container
            error = ending(report)
            runs[tool].append({"error": error, "seconds": report["seconds"]})
            if error is None:
                runs[tool][-1] |= parts(report, seconds.lives(events.open()))
                last[tool] = case.answer(tool, report["result"])
            how = error or f"{len(runs[tool][-1]['rounds'])} rounds"
            took = f"{report['seconds']:.1f} s, {how}"
            print(f"{case.analysis} of {case.data}, {tool}: {took}", flush=True)
    truth = case.truth(last[OURS][0]) if OURS in last else None
    return {
        "analysis": case.analysis,
        "data": case.data,
        "rows": len(case.whole),
        "columns": len(case.design.columns),
        "tools": [
            {"tool": tool, "runs": runs[tool], **_digits(last.get(tool), truth)} for tool in tools
        ],
    }


@contextmanager
def engine_events(file: Path) -> Iterator[Path]:
    """Write the engine's events of containers down while they happen: it forgets all but 256."""
    with file.open("w") as out:
        process = subprocess.Popen(["docker", "events", *seconds.EVENTS], stdout=out)
        try:
            yield file
        finally:
            process.terminate()
            process.wait()


def _published(
    wanted: set[str], folder: Path | None
) -> tuple[dict[str, tuple[str, dict[str, Any]]], dict[str, str]]:
    """Build the images of the checkouts that are there; say why the others are left out."""
    there = {name: Path(folder) / name for name in wanted} if folder is not None else {}
    found, left_out = {}, {}
    for name in sorted(wanted):
        if name not in there or not there[name].is_dir():
            left_out[name] = "no folder is given" if folder is None else "no checkout in the folder"
            print(f"{name} is left out: {left_out[name]}", flush=True)
            continue
        words = [str(ROOT / "ci" / "published-image"), str(there[name])]
        built = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
        image = built.stdout.strip()
        found[name] = (image, _inside(image) | {"version": _version(there[name])})
    return found, left_out


def _version(checkout: Path) -> str | None:
    """Return the tag or commit of a checkout, None where it is not git's."""
    words = ["git", "-C", str(checkout), "describe", "--tags", "--always"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None if (checkout / ".git").exists() else None


def _inside(image: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker("run", "--rm", image, "python", "-c", INSIDE))
    size = int(docker("image", "inspect", "--format", "{{.Size}}", image))
    return found | {"megabytes": round(size / 1e6)}


def ending(report: dict[str, Any]) -> str | None:
    """Say how an analysis ended, None where it has a result. Never quotes a log: it may hold data.

    Ours refuses with a code, in a result of its own.
    """
    found = report["result"]
    if isinstance(found, dict) and found.get("error"):
        return f"{found['status']}: {found['error']['code']}"
    if report["status"] == "completed" and found:
        return None
    kinds = ANY_ERROR.findall(report["log"])
    return f"{report['status']}: {kinds[-1] if kinds else 'no result'}"


def _digits(found: tuple[Array, Array] | None, truth: tuple[Array, Array] | None) -> dict[str, Any]:
    if found is None or truth is None:
        return {"digits": None, "digits_errors": None}
    near, errors = (digits(a, b) for a, b in zip(found, truth, strict=True))
    return {"digits": near, "digits_errors": errors}


if __name__ == "__main__":
    main()
