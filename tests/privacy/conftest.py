"""Each attack meets the same patients, whatever ran before it."""

from copy import deepcopy

import pytest

from helpers import logistic_attacker as logistic
from helpers import summary_attacker as summary

GENERATORS = {
    module.RNG: deepcopy(module.RNG.bit_generator.state) for module in (logistic, summary)
}


@pytest.fixture(autouse=True)
def _same_patients() -> None:
    for generator, state in GENERATORS.items():
        generator.bit_generator.state = deepcopy(state)
