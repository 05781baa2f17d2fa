"""What noise costs a site in memory; its time is measured by the gate, ``ci/bench --gate``."""

from dataclasses import replace

import pytest

from bench.benchmark_cases import Case
from bench.blurred import BARS, CASES, columns, middle

# fewer rows and predictors: a round is the same whatever their number
SMALLER = [replace(case, rows=150_000, predictors=4) for case in CASES if case.predictors == 10]


@pytest.mark.parametrize("case", SMALLER, ids=lambda case: case.name)
def test_a_middle_round_with_noise_holds_one_column_more_at_most(case: Case) -> None:
    more = columns(case, middle(case), case.frames()[0])
    assert more <= BARS["blur_columns"]
