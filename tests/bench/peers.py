"""What users would pick instead, on the pooled rows. Each returns estimates and standard errors.

Standard errors are None where the peer gives none without more work. For ``summary`` the two are
means and standard deviations.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from v6_clinical.numerics.arrays import Array

QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95]


@dataclass
class Measured:
    """Wall and CPU seconds of each run, and what the last one answered."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    estimates: Array | None = None
    errors: Array | None = None

    def run(
        self,
        work: Callable[[], tuple[Array, Array | None]],
        elsewhere: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Time one run; CPU seconds are those of all threads here, and of processes ``elsewhere``.

        That returns their CPU seconds up to now.
        """
        wall, cpu = time.perf_counter(), time.process_time() + elsewhere()
        self.estimates, self.errors = work()
        self.seconds.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() + elsewhere() - cpu)


def pandas(frame: pd.DataFrame, columns: list[str]) -> tuple[Array, Array | None]:
    """One pass over the columns: moments and quantiles."""
    means, deviations = [], []
    for name in columns:
        x = frame[name]
        means.append(x.mean())
        deviations.append(x.std())
        _ = (x.skew(), x.kurt(), x.quantile(QUANTILES))
    return np.array(means), np.array(deviations)


def logit(frame: pd.DataFrame, columns: list[str]) -> tuple[Array, Array | None]:
    import statsmodels.api as sm

    found = sm.Logit(frame["y"], sm.add_constant(frame[columns])).fit(disp=0)
    return found.params.to_numpy(), found.bse.to_numpy()


def glum(frame: pd.DataFrame, columns: list[str]) -> tuple[Array, Array | None]:
    from glum import GeneralizedLinearRegressor

    model = GeneralizedLinearRegressor(family="binomial", alpha=0).fit(frame[columns], frame["y"])
    return np.array([model.intercept_, *model.coef_]), None


def glum_closer(frame: pd.DataFrame, columns: list[str]) -> tuple[Array, Array | None]:
    """Ask for a gradient that gives eight digits: as far as it comes in so few iterations."""
    from glum import GeneralizedLinearRegressor

    model = GeneralizedLinearRegressor(family="binomial", alpha=0, gradient_tol=1e-6)
    model.fit(frame[columns], frame["y"])
    return np.array([model.intercept_, *model.coef_]), None


def lifelines(frame: pd.DataFrame, columns: list[str]) -> tuple[Array, Array | None]:
    from lifelines import CoxPHFitter

    model = CoxPHFitter().fit(frame[[*columns, "t", "e", "site"]], "t", "e", strata=["site"])
    return model.params_.to_numpy(), model.standard_errors_.to_numpy()


def sksurv(frame: pd.DataFrame, columns: list[str]) -> tuple[Array, Array | None]:
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    outcome = Surv.from_arrays(frame["e"].astype(bool), frame["t"])
    return CoxPHSurvivalAnalysis(ties="efron").fit(frame[columns], outcome).coef_, None


PYTHON: dict[str, Callable[[pd.DataFrame, list[str]], tuple[Array, Array | None]]] = {
    "pandas": pandas,
    "statsmodels Logit": logit,
    "glum": glum,
    "glum, gradient_tol=1e-6": glum_closer,
    "lifelines": lifelines,
    "scikit-survival": sksurv,
}
# Cox regressions with a baseline hazard at each site, as ours; the others have a common one.
STRATIFIED = frozenset({"ours", "lifelines", "R coxph, strata(site)"})


def missing(peer: str) -> str | None:
    """Say why a peer cannot be run here, None where it can."""
    if not peer.startswith("R "):
        return None
    if shutil.which("Rscript") is None:
        return "Rscript is not there"
    needed = "quit(status = !all(sapply(c('survival', 'jsonlite'), requireNamespace)))"
    done = subprocess.run(["Rscript", "-e", needed], capture_output=True, check=False)
    return "R lacks survival or jsonlite" if done.returncode else None


def with_r(frame: pd.DataFrame, peer: str, repeats: int) -> Measured:
    """Run R's fit, in a process of its own: reading the rows is not timed."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows"
        frame.to_numpy(np.float64).ravel(order="F").tofile(rows)
        script = str(Path(__file__).with_name("peers.R"))
        words = [str(rows), ",".join(frame.columns), peer, str(repeats)]
        done = subprocess.run(
            ["Rscript", script, *words], capture_output=True, text=True, check=True
        )
    found = json.loads(done.stdout)
    estimates, errors = np.array(found["estimates"]), np.array(found["errors"])
    return Measured(found["seconds"], found["cpu"], estimates, errors)
