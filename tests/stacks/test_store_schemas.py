"""The stores' own schemas take what we tell them of each analysis, and refuse what is wrong."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stacks.engine import stack_image
from v6_clinical.protocol.registry import face_of, methods

ALGORITHMS = Path(__file__).parents[2] / "algorithms"
PROGRAM = """
import json, sys
from vantage6.algorithm.store.resource.schema.input_schema import AlgorithmInputSchema
print(len(AlgorithmInputSchema().load(json.load(sys.stdin))["functions"]), "functions")
"""


def load(major: int, text: str) -> subprocess.CompletedProcess[str]:
    """Let the store's own schema read a description of an analysis."""
    words = ["docker", "run", "--rm", "--interactive", stack_image(major), "python", "-c", PROGRAM]
    return subprocess.run(words, input=text, capture_output=True, text=True, check=False)


def ours(analysis: str, major: int) -> str:
    return (ALGORITHMS / face_of(analysis).package / f"algorithm_store.v{major}.json").read_text()


@pytest.mark.parametrize("analysis", methods())
@pytest.mark.parametrize("major", [4, 5])
def test_the_real_schema_takes_it(analysis: str, major: int) -> None:
    done = load(major, ours(analysis, major))
    assert done.returncode == 0, done.stderr[-1500:]
    print(f"\n{analysis} for the store of {major}.x: {done.stdout.strip()}")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"conditional_on": "nothing"}, "no other argument with that name"),
        ({"conditional_on": "levels"}, "not supported"),
        ({"conditional_on": "profiles"}, "conditional on itself"),
    ],
    ids=str,
)
@pytest.mark.parametrize("major", [4, 5])
def test_the_real_schema_refuses_what_is_wrong(
    major: int, changed: dict[str, Any], words: str
) -> None:
    """So the conditions on our arguments are read, not passed over."""
    given = json.loads(ours("cox", major))
    (argument,) = [a for a in given["functions"][0]["arguments"] if a["name"] == "profiles"]
    assert argument["conditional_on"] == "time_horizon"
    argument.update(changed)
    done = load(major, json.dumps(given))
    assert done.returncode != 0
    assert words in done.stderr
