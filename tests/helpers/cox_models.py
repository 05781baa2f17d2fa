"""The models of r_survival.json: the same rows and columns as in the R call of each case."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.folders import DATA, TESTS
from v6_clinical.numerics.newton import Evaluation
from v6_cox.kernel.partial_likelihood import evaluate
from v6_cox.kernel.risk_sets import Ties
from v6_cox.kernel.sorted_data import SortedData, prepare

R = json.loads((TESTS / "unit" / "cox" / "r_survival.json").read_text())
NAMES = [name for name in R if name != "session"]


@dataclass(frozen=True)
class Rows:
    """Arguments of :func:`prepare`, and the clusters."""

    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    design: NDArray[np.float64]
    entry: NDArray[np.float64] | None = None
    strata: NDArray[np.intp] | None = None
    weights: NDArray[np.float64] | None = None
    offset: NDArray[np.float64] | None = None
    ties: Ties = "efron"
    cluster: NDArray[Any] | None = None

    def sorted(self) -> SortedData:
        return prepare(
            self.time,
            self.event,
            self.design,
            self.entry,
            self.strata,
            self.weights,
            self.offset,
            self.ties,
        )

    def take(self, rows: NDArray[Any]) -> Rows:
        """Return some of the rows, or all in another order."""
        taken = {
            name: column if column is None or isinstance(column, str) else column[rows]
            for name, column in vars(self).items()
        }
        return Rows(**taken)


def rows(name: str) -> Rows:
    """Return the rows of a case."""
    file = name.split("_")[0]
    frame = pd.read_csv(DATA / f"{file}.csv")
    i = np.arange(1, len(frame) + 1)
    frame["w"] = (1 + (7 * i) % 11) / 8  # as in r_survival.R
    frame["off"] = ((5 * i) % 13 - 6) / 16
    return globals()[f"_{file}"](name, frame)


def _rows(
    frame: pd.DataFrame, time: str, event: str, columns: str, strata: str = "", **more: Any
) -> Rows:
    for column in [part for part in columns.split() if "=" in part]:
        variable, level = column.split("=")
        frame[column] = frame[variable] == level
    used = [*columns.split(), time, event, *([strata] if strata else [])]
    frame = frame.dropna(subset=used)

    def column(key: str) -> Any:
        return frame[more[key]].to_numpy(float) if key in more else None

    return Rows(
        time=frame[time].to_numpy(float),
        event=frame[event].to_numpy() == 1,
        design=frame[columns.split()].to_numpy(float),
        entry=column("entry"),
        strata=pd.factorize(frame[strata], sort=True)[0] if strata else None,
        weights=column("weights"),
        offset=column("offset"),
        ties=more.get("ties", "efron"),
        cluster=column("cluster"),
    )


def _ties(name: str) -> Any:
    return "breslow" if name.endswith("breslow") else "efron"


def _lung(name: str, frame: pd.DataFrame) -> Rows:
    if name == "lung_weighted":
        more = {"strata": "sex", "weights": "w", "offset": "off"}
        return _rows(frame, "time", "dead", "age ph.karno", **more)
    weighted = {"weights": "w", "offset": "off"} if name == "lung_weighted_breslow" else {}
    return _rows(frame, "time", "dead", "age sex", ties=_ties(name), **weighted)


def _veteran(name: str, frame: pd.DataFrame) -> Rows:
    if name == "veteran_strata":
        return _rows(frame, "time", "status", "trt karno", "celltype")
    cells = "celltype=large celltype=smallcell celltype=squamous"
    return _rows(frame, "time", "status", f"trt {cells} karno diagtime age prior")


def _rossi(name: str, frame: pd.DataFrame) -> Rows:
    columns = "fin age race wexp mar paro prio"
    return _rows(frame, "week", "arrest", columns, ties=_ties(name))


def _gehan(name: str, frame: pd.DataFrame) -> Rows:
    strata = "pair" if name == "gehan_pairs" else ""
    return _rows(frame, "time", "cens", "treat=control", strata)


def _heart(name: str, frame: pd.DataFrame) -> Rows:
    if name == "heart_weighted":
        more = {"strata": "surgery", "weights": "w"}
        return _rows(frame, "stop", "event", "age year", entry="start", **more)
    columns = "age year surgery transplant"
    return _rows(frame, "stop", "event", columns, entry="start", ties=_ties(name))


def _colon(name: str, frame: pd.DataFrame) -> Rows:
    columns = "rx=Lev+5FU rx=Obs sex age node4"
    return _rows(frame, "time", "status", columns, "etype", cluster="id")


def newton(data: SortedData) -> tuple[NDArray[np.float64], Evaluation]:
    """Return the estimate and the evaluation there, by plain Newton steps from 0."""
    beta = np.zeros(data.design.shape[1])
    for _ in range(12):
        found = evaluate(data, beta)
        beta = beta + np.linalg.solve(found.information, found.score)
    return beta, evaluate(data, beta)
