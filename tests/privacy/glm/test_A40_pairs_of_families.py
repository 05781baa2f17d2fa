"""Two likelihoods of the same rows at the same coefficients: their noise is not one draw."""

import math
from typing import Any

import numpy as np
import pytest

from helpers.attacker import form, tally
from helpers.glm_attacker import ask, at, counted
from helpers.logistic_attacker import patients
from helpers.policies import drawn
from v6_clinical.disclosure import blur
from v6_clinical.regression.glm.site import GLMCases

DRAWS = 12
A = -2.0
P = 1 / (1 + math.exp(-A))
PHI, DENSITY = math.erfc(-A / 2**0.5) / 2, math.exp(-(A**2) / 2) / (2 * math.pi) ** 0.5
MU = math.exp(A)


def noise(frame: Any, kind: tuple[str, str], residuals: Any, draw: int) -> Any:
    """Return the noise of a score in the coordinates of its matrix, in units of what is told."""
    limits = drawn(draw)
    found = ask(frame, "evaluate", at(*kind, A, [0.0], "age"), limits)
    score, information = tally(found, "score"), form(found, "information")
    matrix = np.array([[information(a, b) for b in score] for a in score])
    exact = np.column_stack([np.ones(len(frame)), frame["age"]]).T @ residuals
    root = np.linalg.cholesky(matrix)
    told = np.linalg.solve(root, np.array(list(score.values())) - exact)
    return told / found["sums"]["noise"]["information"][0]


@pytest.mark.parametrize("pair", ["logit and probit", "poisson and gamma"])
def test_A40_two_families_share_no_draw(pair: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one draw the noise falls out of the difference: X'y in two calls."""
    if pair == "logit and probit":
        frame = patients()
        y = frame["y"].to_numpy()
        ours, theirs = ("binomial", "logit"), ("binomial", "probit")
        residuals = y - P, np.where(y > 0, DENSITY / PHI, -DENSITY / (1 - PHI))
    else:
        frame = counted().assign(y=lambda frame: 1 + frame["y"])
        y = frame["y"].to_numpy()
        ours, theirs = ("poisson", "log"), ("gamma", "log")
        residuals = y - MU, (y - MU) / MU

    def correlation() -> float:
        draws = [
            [noise(frame, kind, part, draw) for draw in range(DRAWS)]
            for kind, part in zip((ours, theirs), residuals, strict=True)
        ]
        one, other = (np.concatenate(part) for part in draws)
        return float(np.corrcoef(one, other)[0, 1])

    assert abs(correlation()) < 0.9
    monkeypatch.setattr(GLMCases, "kind", "")
    monkeypatch.setattr(blur, "packed", lambda *numbers: b"")  # of the noise's size
    assert correlation() > 0.99
