"""Small data sets of every kind, for property tests."""

import numpy as np
from hypothesis import strategies as st

from helpers.cox_models import Rows


@st.composite
def tables(draw, least=1):
    """Draw rows with ties of every degree, and perhaps entry times, strata, weights, offsets."""
    n = draw(st.integers(least, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    time = random.integers(1, 1 + draw(st.sampled_from([1, 4, 1000])), n).astype(float)
    maybe = st.booleans()
    return Rows(
        time=time,
        event=random.random(n) < draw(st.sampled_from([0.0, 0.1, 0.6, 1.0])),
        design=random.integers(-2, 3, (n, draw(st.integers(1, 3)))).astype(float),
        entry=time - random.integers(1, 4, n) if draw(maybe) else None,
        strata=random.integers(0, draw(st.sampled_from([2, 12])), n) if draw(maybe) else None,
        weights=random.integers(1, 9, n) / 4 if draw(maybe) else None,
        offset=random.integers(-4, 5, n) / 4 if draw(maybe) else None,
        ties=draw(st.sampled_from(["efron", "breslow"])),
        cluster=random.integers(0, 9, n),
    )
