"""How many parameters so many rows carry: asked of the sites' own code when the pages are built."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from v6_clinical.platforms import local

from .tables import markdown

ROLES: dict[str, dict[str, Any]] = {
    "logistic": {"outcome": "event"},
    "cox": {"time": "time", "event": "event"},
}
MOST = 60  # columns of a model that few rows cannot carry


def carried(analysis: str, rows: int) -> int:
    """Return how many parameters, beside intercept or baseline, a site says that its rows carry."""
    rng = np.random.default_rng(rows)
    names = [f"x{k}" for k in range(MOST)]
    site = pd.DataFrame(rng.normal(size=(rows, MOST)), columns=names)
    site = site.assign(event=rng.permutation(np.arange(rows) % 2), time=rng.uniform(1, 2, rows))
    found = local.run(analysis, [site, site], ROLES[analysis] | {"predictors": names})
    number: int = found["error"]["sites"][0]["parameters"]
    return number


def table(rows: str) -> str:
    """Return a table for these numbers of rows, separated by commas, under the shipped limits."""
    numbers = [int(number) for number in rows.split(",")]
    lines = [[str(n), *(str(carried(analysis, n)) for analysis in ROLES)] for n in numbers]
    return markdown(["complete rows at a site", *(f"`{analysis}`" for analysis in ROLES)], lines)
