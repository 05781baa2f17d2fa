"""Random models of random rows: what a fit hunt tries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from v6_clinical.model.coding import INTERCEPT, coding
from v6_clinical.model.columns import CategoricalColumn, NumericColumn, SiteColumn
from v6_clinical.model.formula import parse
from v6_clinical.model.levels import agree
from v6_clinical.model.moments import Moments, needs_moments, resolve, settle
from v6_clinical.numerics.arrays import Array

KINDS = ("wild", "strong", "clinical")
TERMS = {
    "wild": [
        "x1", "x2", "x3", "big", "b", "h", "f", "g", "age", "poly2(x3)", "poly2(big)", "sqrt(x2)",
        "ns(age, df=2)", "ns(x1, df=3)", "bs(x2, df=3)", "bs(x3, df=4)", "b:g", "x1:f", "h:f",
        "scale(age)", "I(age/10)",
    ],
    "strong": ["x1", "x2", "x3", "b", "h", "f", "age", "poly2(x3)", "ns(age, df=3)", "x1:f"],
    "clinical": ["age", "b", "h", "f", "x1", "sqrt(x2)", "poly2(age)", "ns(age, df=3)", "b:h"],
}  # fmt: skip
MARGINS = {"b:g": ["b", "g"], "x1:f": ["x1", "f"], "h:f": ["h", "f"], "b:h": ["b", "h"]}


@dataclass(frozen=True)
class Model:
    """A request and its rows.

    Attributes
    ----------
    rows
        All of them, with a column ``site``.
    design, names
        The pooled design, shape (n, p), and the names of its columns; for Cox without an intercept.
    """

    analysis: str
    kind: str
    seed: int
    rows: pd.DataFrame
    arguments: dict[str, Any]
    design: Array = field(repr=False)
    names: tuple[str, ...] = ()

    def frames(self) -> list[pd.DataFrame]:
        """Return the rows of each site."""
        parts = [part for _, part in self.rows.groupby("site", sort=True)]
        return [part.drop(columns="site").reset_index(drop=True) for part in parts]

    def column(self, role: str, default: float) -> Array:
        """Return the weights or the offset."""
        name = self.arguments.get(role)
        if name is None:
            return np.full(len(self.rows), default)
        return self.rows[name].to_numpy(np.float64)


def random_model(analysis: str, seed: int) -> Model | None:
    """Return a model, the same for the same seed; None where its columns determine each other."""
    rng = np.random.default_rng([seed, len(analysis)])
    kind = KINDS[seed % 3]
    rows = _covariates(rng, kind)
    terms = rng.choice(TERMS[kind], rng.integers(1, 6), replace=False).tolist()
    terms = list(dict.fromkeys(name for term in terms for name in (*MARGINS.get(term, ()), term)))
    arguments: dict[str, Any] = {"formula": " + ".join(_once(terms))}
    for role, name in (("weights", "w"), ("offset", "off")):
        if rng.random() < 0.2:
            arguments[role] = name
    design, names = pooled_design(rows, arguments["formula"], intercept=analysis == "logistic")
    centred = design - design.mean(axis=0) if analysis == "cox" else design
    size = np.sqrt((centred**2).mean(axis=0))
    if not (size > 0).all() or np.linalg.matrix_rank(centred / size) < len(names):
        return None
    effect = _effect(rng, kind, design) + (rows["off"].to_numpy() if "offset" in arguments else 0)
    made = _logistic if analysis == "logistic" else _cox
    made(rng, rows, effect, arguments)
    return Model(analysis, kind, seed, rows, arguments, design, names)


def _once(terms: list[str]) -> list[str]:
    """Leave out terms of a column that is there already in another form."""
    taken: dict[str, str] = {}
    for term in terms:
        name = term.partition("(")[2].partition(",")[0].rstrip(")").partition("/")[0] or term
        taken.setdefault(name, term)
    return list(taken.values())


def _covariates(rng: np.random.Generator, kind: str) -> pd.DataFrame:
    n = int(np.exp(rng.uniform(*np.log((30, 1500) if kind == "wild" else (150, 1500)))))
    skew = rng.choice([0.3, 1.0, 2.0])
    levels = np.array([f"g{k}" for k in range(1, 6)])
    rows = pd.DataFrame(
        {
            "x1": np.round(rng.normal(size=n) * 16) / 16,
            "x2": np.round(np.exp(skew * rng.normal(size=n)) * 64) / 64 + 1 / 64,
            "x3": np.round(rng.uniform(-2, 2, n) * 8) / 8,
            "big": 2015.0 + np.round(rng.normal(size=n) * 3),
            "age": np.round(rng.normal(62, 11, n)),
            "b": (rng.random(n) < rng.uniform(0.1, 0.6)).astype(float),
            "h": np.where(rng.random(n) < rng.uniform(0.15, 0.6), "yes", "no"),
            "f": rng.choice(["a", "b", "c"], n),
            "g": rng.choice(levels, n, p=rng.dirichlet([4.0, 2, 2, 1, 1])),
            "w": rng.integers(1, 9, n) / 4,
            "off": np.round(rng.normal(size=n) * 0.5 * 16) / 16,
        }
    )
    sites = int(rng.integers(1, 6)) if kind == "wild" else int(rng.integers(2, 6))
    rows["site"] = rng.choice(sites, n, p=rng.dirichlet([4.0] * sites))
    return rows


def _effect(rng: np.random.Generator, kind: str, design: Array) -> Array:
    spread = {"wild": rng.choice([0.3, 1.0, 2.5, 5.0]), "strong": 2.0, "clinical": 0.7}[kind]
    size = design.std(axis=0)
    slopes = np.where(size > 0, rng.normal(size=design.shape[1]), 0) / np.where(size > 0, size, 1)
    found = (design - design.mean(axis=0)) @ slopes
    return np.asarray(found * spread / max(found.std(), 1e-9))


def _logistic(
    rng: np.random.Generator, rows: pd.DataFrame, effect: Array, arguments: dict[str, Any]
) -> None:
    at = effect + rng.choice([-3.0, -1.0, 0.0, 1.0])
    rows["y"] = (rng.random(len(rows)) < 1 / (1 + np.exp(-at))).astype(int)
    arguments["outcome"] = "y"
    if rng.random() < 0.2:
        arguments["robust"] = str(rng.choice(["HC0", "HC1"]))


def _cox(
    rng: np.random.Generator, rows: pd.DataFrame, effect: Array, arguments: dict[str, Any]
) -> None:
    time, end = rng.exponential(size=len(rows)) * np.exp(-effect), rng.exponential(size=len(rows))
    end *= np.median(time) * rng.choice([0.5, 2.0, 8.0])
    digits = rng.choice([1, 2, 4])  # the fewer, the more ties
    last = np.minimum(time, end)
    step = 10.0 ** (np.floor(np.log10(np.median(last))) - digits)
    last = np.minimum(last, 1e6 * step)  # R takes times for tied that are 1e-8 of their mean apart
    rows["t"], rows["e"] = np.floor(last / step) + 1, (time <= end).astype(int)
    arguments |= {"time": "t", "event": "e", "ties": str(rng.choice(["efron", "breslow"]))}
    if rng.random() < 0.2:
        rows["entry"] = np.floor(rows["t"] * rng.uniform(0, 0.9, len(rows))) + 0.25
        arguments["entry"] = "entry"
    if rng.random() < 0.2:
        rows["s"] = rng.choice(["u", "v"], len(rows))
        arguments["strata"] = ["s"]


def pooled_design(
    rows: pd.DataFrame, formula: str, *, intercept: bool
) -> tuple[Array, tuple[str, ...]]:
    """Return the design of all rows together, as the sites code it."""
    terms = settle(parse(formula).terms)
    means = {name: Moments(rows[name].mean(), rows[name].std()) for name in needs_moments(terms)}
    terms = resolve(terms, means)
    columns: dict[str, SiteColumn] = {}
    levels, references = {}, {}
    for name in rows.columns:
        if rows[name].dtype == object:
            codes, own = pd.factorize(rows[name], sort=True)
            columns[str(name)] = CategoricalColumn(codes.astype(np.int64), tuple(own))
            levels[str(name)], references[str(name)] = agree(str(name), list(own), None, None)
        else:
            columns[str(name)] = NumericColumn(rows[name].to_numpy(np.float64))
    named = {factor.column for term in terms for factor in term.factors}
    used = {name: levels[name] for name in levels if name in named}
    first = {name: references[name] for name in used}
    user = coding(terms, used, first, True)
    if not intercept:
        user = user.without_intercept()
    names = tuple("Intercept" if name == INTERCEPT else name for name in user.names)
    return np.asarray(user.matrix({k: columns[k] for k in named}, len(rows))), names
