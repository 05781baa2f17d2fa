"""The sums of the proportional-hazards test tell no exact sum of event times by their digits."""

import math

import numpy as np
import pytest

import v6_cox.noise
from helpers.attacker import form, tally
from helpers.cox_attacker import ask, evaluate, people, report
from helpers.policies import SHIPPED

DIGITS = 2.0**-20


@pytest.mark.parametrize("transform", ["identity", "log"])
def test_A39_moving_the_tests_sums_tells_no_mean_time(
    transform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums about the deaths' mean time c have few digits: S2 - c S1 has them for one c alone."""
    frame = people(60, 3)
    limits = SHIPPED
    times = frame["t"][frame["e"] > 0]
    truth = float(np.mean(times if transform == "identity" else np.log(times)))

    def left(centre: float) -> float:
        """Return what the digits of the sums about a centre leave over, none if it is the one."""
        found = ask(frame, "evaluate", evaluate([0.0], report(transform=transform)), limits)
        (x, first), (xg, second) = tally(found, "hazards_score").items()
        matrix = form(found, "hazards_information")
        rests = second - centre * first, matrix(x, xg) - centre * matrix(x, x)
        return max(abs(rest / DIGITS - round(rest / DIGITS)) for rest in rests)

    assert left(truth) > 1e-4
    monkeypatch.setattr(v6_cox.noise, "settled", lambda values, sd: values)
    assert left(truth) < 1e-4
    assert left(truth * (1 + 1e-9)) > 1e-4
    assert math.isfinite(truth)
