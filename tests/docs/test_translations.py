"""The calls on the pages "From R" and "From Python" run, and both sides give the same numbers."""

import json
import shutil
import subprocess
from itertools import groupby
from typing import Any

import pytest

from helpers.code_blocks import ROOT, Block, blocks, flat, value_of

SETUP = "The example data"
RTOL = 1e-5  # R stops its own iterations there: glm's errors are those of its last but one step
R_CALLS = """
json <- function(x) {
  numbers <- sprintf("%.17g", as.numeric(unlist(x)))
  cat("\\n@@[", paste(numbers, collapse = ","), "]\\n", sep = "")
}
for (code in commandArgs(trailingOnly = TRUE)) {
  json(eval(parse(text = code), envir = globalenv()))
}
"""


def pairs(page: str) -> dict[str, list[Block]]:
    """Return theirs and ours by heading, set-up first."""
    return {heading: list(some) for heading, some in groupby(blocks(page), lambda b: b.heading)}


def ours(page: str) -> dict[str, list[list[float]]]:
    """Run the Python blocks of a page in order; give the numbers of each by heading."""
    names: dict[str, Any] = {}
    found: dict[str, list[list[float]]] = {}
    for block in blocks(page):
        if block.language == "python":
            value = value_of(block.code, names)
            if block.heading != SETUP:
                found.setdefault(block.heading, []).append(flat(value))
    return found


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # pages read tests/data as a reader does who stands there


def test_from_r() -> None:
    """R's number and ours at the end of each pair of blocks; R runs where it is installed."""
    sections = pairs("translations/r.md")
    assert all([b.language for b in some] == ["r", "python"] for some in sections.values())
    found = ours("translations/r.md")
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed: our calls ran, R's were not compared")
    code = [some[0].code for some in sections.values()]
    done = subprocess.run(
        ["Rscript", "-e", R_CALLS, *code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    values = [json.loads(line[2:]) for line in done.stdout.splitlines() if line.startswith("@@")]
    theirs = dict(zip(sections, values, strict=True))
    for heading, (numbers,) in found.items():
        assert numbers == pytest.approx(theirs[heading], rel=RTOL), heading


def test_from_python() -> None:
    found = ours("translations/python.md")
    assert len(found) > 5
    for heading, (theirs, numbers) in found.items():
        assert numbers == pytest.approx(theirs, rel=RTOL), heading


def test_from_datashield() -> None:
    """DataSHIELD is not at hand: our half of the page runs."""
    assert all(numbers for numbers in ours("translations/datashield.md").values())
