"""Where things lie: the repository, its tests, their data sets and R's numbers."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
DATA = TESTS / "data"
REFERENCE = TESTS / "reference"
