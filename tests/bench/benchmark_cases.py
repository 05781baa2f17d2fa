"""The cases of ``cases.toml``, and their data: drawn with fixed seeds, split evenly over sites."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "benchmarks"
CASES: dict[str, Any] = tomllib.loads((HERE / "cases.toml").read_text())
ANALYSES = ("summary", "logistic", "cox")


@dataclass(frozen=True)
class Case:
    """An analysis of ``rows`` rows in ``sites`` sites.

    Parameters
    ----------
    peers, repeats
        What to run beside it, and how often; none for a case of the grid.
    model
        What it has beside predictors, in words: of a ``glm`` the family, ``exposure``, ``weights``.
    """

    analysis: str
    rows: int
    predictors: int
    sites: int = 3
    peers: tuple[str, ...] = ()
    repeats: int = 1
    model: str = ""

    @property
    def name(self) -> str:
        """The analysis, and what it has beside predictors."""
        return " ".join([self.analysis, self.model]).strip()

    @property
    def columns(self) -> list[str]:
        return [f"x{k}" for k in range(self.predictors)]

    @property
    def arguments(self) -> dict[str, Any]:
        """The analyst's arguments."""
        if self.analysis == "summary":
            return {"columns": self.columns}
        if self.analysis == "cox":
            found: dict[str, Any] = {"time": "t", "event": "e"}
        else:
            found = {"outcome": "y"}
        words = self.model.split()
        if self.analysis == "glm":
            found["family"] = words[0]
        found |= {word: word for word in ("exposure", "weights") if word in words}
        return found | {"predictors": self.columns}

    def frames(self) -> list[pd.DataFrame]:
        """Draw the rows of each site."""
        return [self._frame(site) for site in range(self.sites)]

    def _frame(self, site: int) -> pd.DataFrame:
        rng, n = np.random.default_rng(site), self.rows // self.sites
        if self.analysis == "summary":
            return pd.DataFrame(
                {x: rng.gamma(k + 1.0, 10.0, n) for k, x in enumerate(self.columns)}
            )
        x = rng.normal(size=(self.predictors, n)).T
        # the same spread of risks whatever the number of predictors
        beta = np.linspace(-0.5, 0.5, self.predictors)
        eta = x @ (beta / np.linalg.norm(beta))
        frame = pd.DataFrame(x, columns=self.columns)
        if self.analysis == "cox":
            time, end = rng.exponential(size=n) * np.exp(-eta), rng.exponential(2.0, n)
            return frame.assign(t=np.minimum(time, end), e=(time <= end).astype(np.int64))
        if "weights" in self.model:
            frame = frame.assign(weights=rng.uniform(0.5, 3.0, n))
        if "gaussian" in self.model:
            return frame.assign(y=eta + rng.normal(size=n))
        if "poisson" in self.model:
            years = rng.uniform(0.5, 5.0, n)
            return frame.assign(exposure=years, y=rng.poisson(years * np.exp(eta / 2 - 1)))
        return frame.assign(y=(rng.random(n) < 1 / (1 + np.exp(1 - eta))).astype(np.int64))

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Case:
        fields = json.loads(text)
        return cls(**fields | {"peers": tuple(fields["peers"])})


def grid(*, large: bool = False, most_rows: float = float("inf")) -> list[Case]:
    """Return ours alone at every size; ``most_rows`` leaves out what is larger."""
    sizes = CASES["grid"]
    rows = sizes["rows"] + (sizes["large_rows"] if large else [])
    found = product(ANALYSES, rows, sizes["predictors"], sizes["sites"])
    return [Case(*case) for case in found if case[1] <= most_rows]


def pairs(kind: str = "pairs", *, most_rows: int | None = None) -> list[Case]:
    """Return the cases with peers (``pairs``), or with published algorithms (``published``)."""
    found = [Case(**case | {"peers": tuple(case.get("peers", ()))}) for case in CASES[kind]]
    if most_rows is None:
        return found
    return [Case(**asdict(case) | {"rows": min(case.rows, most_rows)}) for case in found]
