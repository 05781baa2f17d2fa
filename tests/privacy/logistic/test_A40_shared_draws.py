"""Two answers with noise of different size: of one draw the exact sums would follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.attacker import costs, form, tally
from helpers.logistic_attacker import ask, at, patients
from helpers.policies import drawn
from v6_clinical.disclosure import blur
from v6_clinical.numerics.arrays import Array
from v6_clinical.regression.site.cases import Cases

DRAWS = 8


def clustered() -> pd.DataFrame:
    """Return patients of five rows each: of one outcome and near in age, or any."""
    frame = patients().sort_values(["y", "age"], ignore_index=True)
    groups = np.arange(len(frame)) // 5
    return frame.assign(near=groups, far=np.random.default_rng(1).permutation(groups))


def told(frame: pd.DataFrame, cluster: str, draw: int) -> tuple[Array, float, Array]:
    """Return a score, its declared noise, and the roots of the information's diagonal."""
    asked = at(0.0, [0.0, 0.0], "age", "bmi", shift=[60.0, 27.0], cluster=cluster)
    found = ask(frame, "evaluate", asked | {"origin": 0.0}, drawn(draw))
    score, information = tally(found, "score"), form(found, "information")
    names = list(score)
    length = np.sqrt([information(name, name) for name in names])
    return np.array([score[n] for n in names]), found["sums"]["noise"]["information"][0], length


def errors(frame: pd.DataFrame) -> list[Array]:
    """Return how far off the score is that follows from two answers of one draw, in its noise.

    Under the secrets under which the two declare noise of different size.
    """
    columns = np.column_stack([np.ones(len(frame)), frame["age"] - 60, frame["bmi"] - 27])
    exact, found = columns.T @ (frame["y"] - 0.5), []
    for draw in range(DRAWS):
        with costs(2):
            (one, d, length), (other, e, _) = (told(frame, name, draw) for name in ("near", "far"))
        if d != e:
            guess = one - d / (d - e) * (one - other)
            found.append(np.asarray(np.abs(guess - exact) / length / min(d, e)))
    assert found
    return found


def test_A40_two_columns_of_clusters_share_no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have five rows a patient; how much one patient counts differs."""
    frame, packed = clustered(), blur.packed
    assert np.median(errors(frame)) > 0.2
    monkeypatch.setattr(blur, "packed", lambda *numbers: b"")
    assert np.median(errors(frame)) > 0.2  # other patients, another key
    lifted: Any = lambda self, leverage: {}  # noqa: E731
    monkeypatch.setattr(Cases, "patients", lifted)
    assert np.max(errors(frame)) < 0.05
    monkeypatch.setattr(blur, "packed", packed)
    assert np.median(errors(frame)) > 0.2
