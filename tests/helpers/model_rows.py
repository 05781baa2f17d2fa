"""Rows that the tests of this folder pool and split: one frame, and its columns at a site."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from v6_clinical.model.columns import CategoricalColumn, NumericColumn, SiteColumn

LEVELS = {
    "sex": ("F", "M"),
    "stage": ("I", "II", "III"),
    "arm": ("a", "b", "c", "d"),
    "site type": ("acute", "rehab"),
}
ROWS = 240


def pooled_frame() -> pd.DataFrame:
    """Every level occurs; numbers have different scales; some names need backquotes."""
    random = np.random.default_rng(20240607)
    frame = pd.DataFrame(
        {
            "age": random.normal(60, 12, ROWS).round(1),
            "bmi": random.gamma(20, 1.3, ROWS).round(2),
            "dose": random.exponential(40, ROWS).round(3) + 0.001,
            "visits": random.poisson(3, ROWS).astype(float),
            "body mass": random.normal(75, 10, ROWS),
            "a:b": random.normal(size=ROWS),
            "größe": random.normal(170, 8, ROWS),
        }
    )
    for name, levels in LEVELS.items():
        frame[name] = pd.Categorical(random.choice(levels, ROWS), categories=list(levels))
    return frame


def site_columns(frame: pd.DataFrame) -> dict[str, SiteColumn]:
    """Return the columns as a site sees them: only its own levels, in an order of its own."""
    columns: dict[str, SiteColumn] = {}
    for name in map(str, frame.columns):
        if name in LEVELS:
            codes, own = pd.factorize(frame[name].astype(str))
            columns[name] = CategoricalColumn(codes.astype(np.int64), tuple(map(str, own)))
        else:
            columns[name] = NumericColumn(frame[name].to_numpy(np.float64))
    return columns


def split(frame: pd.DataFrame) -> list[NDArray[np.bool_]]:
    """Return the rows of three uneven sites: one without stage I and one arm only, one tiny."""
    sex, stage, arm = (frame[name].astype(str).to_numpy() for name in ("sex", "stage", "arm"))
    first = (stage != "I") & (arm == "a")
    second = ~first & (sex == "F") & (stage == "III")
    return [first, second, ~first & ~second]
