"""The stores' own schemas take what we tell them of each analysis."""

import subprocess
from pathlib import Path

import pytest

from stacks.engine import stack_image
from v6_clinical.registry import PACKAGES

ALGORITHMS = Path(__file__).parents[2] / "algorithms"
PROGRAM = """
import json, sys
from vantage6.algorithm.store.resource.schema.input_schema import AlgorithmInputSchema
print(len(AlgorithmInputSchema().load(json.load(sys.stdin))["functions"]), "functions")
"""


@pytest.mark.parametrize("analysis", PACKAGES)
@pytest.mark.parametrize("major", [4, 5])
def test_the_real_schema_takes_it(analysis: str, major: int) -> None:
    path = ALGORITHMS / PACKAGES[analysis] / f"algorithm_store.v{major}.json"
    done = subprocess.run(
        ["docker", "run", "--rm", "--interactive", stack_image(major), "python", "-c", PROGRAM],
        input=path.read_text(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-1500:]
    print(f"\n{path.name} of {analysis}: {done.stdout.strip()}")


@pytest.mark.parametrize("major", [4, 5])
def test_the_real_schema_refuses_what_is_wrong(major: int) -> None:
    wrong = '{"name": "x", "image": "x", "partitioning": "diagonal", "functions": []}'
    done = subprocess.run(
        ["docker", "run", "--rm", "--interactive", stack_image(major), "python", "-c", PROGRAM],
        input=wrong,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "partitioning" in done.stderr
