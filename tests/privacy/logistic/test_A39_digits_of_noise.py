"""What the last digits of numbers with noise tell: neither the size of the noise, nor the point."""

import math

import numpy as np
import pytest

from helpers.attacker import array, bisect, costs, form, tally
from helpers.logistic_attacker import ask, at, patients, start
from helpers.policies import drawn
from v6_clinical.disclosure import growth
from v6_clinical.disclosure.blur import Source
from v6_clinical.regression.site import own_fit

MIDDLE = 60.0
CALLS = 20


def farthest(draw: int) -> float:
    """Return the age farthest from the middle, by the slope at which a likelihood has a digit less.

    There the noise, a quarter of the largest difference of a row, is 2^-7. A digit is 0 by chance,
    too: three draws of the noise, at intercepts next to each other.
    """
    frame = patients().assign(age=lambda frame: frame["age"].round())

    def coarse(slope: float) -> bool:
        for move in (0.0, 2e-6, 4e-6):
            asked = at(move - slope * MIDDLE, [slope], "age") | {"origin": 0.0}
            gain = float(array(ask(frame, "evaluate", asked, drawn(draw)), "likelihood")[0])
            steps = math.ldexp(gain, 16)
            if abs(steps - round(steps)) > 1e-3:
                return False
        return True

    slope = bisect(coarse, 1e-5, 0.01, 16)
    away = -math.log(2 * math.exp(-1 / 32) - 1) / slope  # of which the likelihood gains 1/32
    lost = math.log(2 * math.exp(1 / 32) - 1) / slope  # or loses it
    ages = frame["age"]
    truth = float((ages - MIDDLE).abs().max())
    return min(abs(away - truth), abs(lost - truth))


def test_A09_the_digits_of_a_likelihood_do_not_place_the_farthest_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert sum(farthest(draw) < 0.05 for draw in range(4)) <= 2  # by chance, seldom
    uniform = Source.uniform
    monkeypatch.setattr(
        Source,
        "uniform",
        lambda self, what: 0.0 if what.startswith(b"digits") else uniform(self, what),
    )
    assert sum(farthest(draw) < 0.01 for draw in range(3)) >= 1


def test_A39_the_start_does_not_tell_its_point_by_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The site's own optimum lies on a grid: its digits would tell it, and so the noise there."""

    def finest() -> float:
        found = start(patients(), "age", policy=drawn(0))
        scale = found["sums"]["noise"]["information"][0]
        information = form(found, "information")
        right = tally(found, "right_hand_side")
        return max(
            abs(math.ldexp(value, 30 - math.frexp(scale * information(name, name) ** 0.5)[1]) % 1)
            for name, value in right.items()
        )

    assert finest() == 0
    monkeypatch.setattr(own_fit, "settled", lambda values, sd: values)
    assert finest() > 0


def dispersion(draw: int) -> float:
    """Return that of the rows where the noise first doubles, found by its slope."""
    frame = patients().assign(age=lambda frame: frame["age"].round())

    def told(slope: float) -> float:
        asked = at(-slope * MIDDLE, [slope], "age") | {"origin": 0.0}
        found = ask(frame, "evaluate", asked, drawn(draw))
        if found["status"] == "refused":
            return math.inf
        return float(found["sums"]["noise"]["information"][0])

    least = told(0.0)
    with costs(CALLS):
        slope = bisect(lambda slope: told(slope) > least, 0.0, 1.0, CALLS)
    risk = 1 / (1 + np.exp(-slope * (frame["age"] - MIDDLE)))
    return float(((frame["y"] - risk) ** 2).sum() / (risk * (1 - risk)).sum())


def test_A39_where_the_noise_doubles_tells_no_exact_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it did at twice the dispersion, 20 calls were an equation for all rows."""
    assert sum(abs(dispersion(draw) - 2) > 1e-3 for draw in range(5)) >= 3
    uniform = Source.uniform
    monkeypatch.setattr(
        Source,
        "uniform",
        lambda self, what: 0.0 if what.startswith((b"size", b"rows")) else uniform(self, what),
    )
    monkeypatch.setattr(growth, "_floors", lambda *asked: [0.0, 0.0])
    assert dispersion(0) == pytest.approx(2, abs=1e-4)
