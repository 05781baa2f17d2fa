"""Every analysis with one bad site of three: the answer of the pooled rows, or a code.

A row of the table says what is done to the third site (or to all), and what must come of it. The
ids are those of the list of bad inputs; those that are about arguments or order are in files of
their own beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.policies import EXACT
from helpers.three_sites import (
    OPEN,
    RELATIVE,
    REQUESTS,
    N,
    digits,
    ended,
    good,
    pooled,
    run,
)
from v6_clinical.disclosure import Policy

Spoil = Callable[[pd.DataFrame], pd.DataFrame]
ALL = ("summary", "logistic", "cox")
MODELS = ("logistic", "cox")
SHIPPED = EXACT


@dataclass(frozen=True)
class Bad:
    """A bad input and what must come of it.

    ``gives`` is a code, or the rows that the third site's must be worth (None: no row at all).
    ``policy`` is lifted where the limits would hide what the row is about.
    """

    name: str
    spoil: Spoil
    gives: str | Spoil | None
    analyses: Sequence[str] = ALL
    everywhere: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy = SHIPPED


def same(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def put(**columns: Any) -> Spoil:
    """Replace columns; a function is given the frame."""
    return lambda frame: frame.assign(**columns)


def at(rows: Any, name: str, value: Any, kind: Any = None) -> Spoil:
    """Write a value into some rows of a column."""

    def spoil(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.astype({name: kind or object})
        frame.loc[frame.index[rows], name] = value
        return frame

    return spoil


def renamed(old: str, new: str) -> Spoil:
    return lambda frame: frame.rename(columns={old: new})


def without(name: str) -> Spoil:
    return lambda frame: frame.drop(columns=name)


def first(rows: int) -> Spoil:
    return lambda frame: frame.iloc[:rows]


def dropping(name: str) -> Spoil:
    """Return the complete cases of a column, as the spoilt one means them."""
    return lambda frame: frame[frame[name].notna()]


def cast(name: str, kind: Any) -> Spoil:
    return lambda frame: frame.astype({name: kind})


def beyond(frame: pd.DataFrame) -> Any:
    return (frame["age"] > 60).astype(int)


ROLES = {"weights": "w", "offset": "o", "cluster": "c"}
THIRD = slice(None, None, 3)
AGE: Mapping[str, Any] = {"columns": ["age"]}
STAGE: Mapping[str, Any] = {"columns": ["stage"]}
NAMES = ["a b", "it's", 'a"b', "größe", "__class__", "a,b", "[red]x", "a:b", "x/0", "1", "a`b"]
WIDE = [f"x{k}" for k in range(40)]
DATES = pd.date_range("2020-01-01", periods=N)


def commas(name: str) -> Spoil:
    return lambda f: f.assign(**{name: [f"{x:.1f}".replace(".", ",") for x in f[name]]})


def scaled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(age=frame["age"] * 1e-6, bmi=frame["bmi"] * 1e9)


def blank(kind: str) -> Spoil:
    """Make a third of the labels blank text, in a column of this type."""

    def spoil(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[frame.index[THIRD], "stage"] = np.resize(["", " ", "\t"], N // 3)
        return frame.astype({"stage": kind})

    return spoil


def wide(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep 30 rows and add 40 columns."""
    rng = np.random.default_rng(5)
    return frame.iloc[:30].assign(**{name: rng.normal(size=30) for name in WIDE})


def keep(rows: Any) -> Spoil:
    return lambda frame: frame.iloc[rows]


NOT_BLANK = [k for k in range(N) if k % 3]

# fmt: off
TABLE = [
    *(Bad(f"B01 no {c}", without(c), "COLUMN_MISSING") for c in ("age", "stage")),
    Bad("B01 no outcome", without("y"), "COLUMN_MISSING", MODELS),
    Bad("B01 no time", without("t"), "COLUMN_MISSING", ("cox",)),
    *(Bad(f"B01 no {r}", without(c), "COLUMN_MISSING", MODELS, more={r: c})
      for r, c in ROLES.items()),
    *(Bad(f"B02 age {text}", at(5, "age", text), "NOT_NUMERIC")
      for text in ("n/a", "12 mg", "<5", "canary")),
    Bad("B02 age all words", put(age="old"), "NOT_NUMERIC"),
    Bad("B02 event in words", at(5, "y", "dead"), "BAD_EVENT", ("cox",)),
    Bad("B02 outcome in words", at(5, "y", "dead"), "BAD_OUTCOME", ("logistic",)),
    Bad("B02 time in words", at(5, "t", "soon"), "NOT_NUMERIC", ("cox",)),
    *(Bad(f"B02 {r} in words", at(5, c, "much"), "NOT_NUMERIC", MODELS, more={r: c})
      for r, c in ROLES.items() if r != "cluster"),
    Bad("B03 age", commas("age"), "NOT_NUMERIC"),
    Bad("B03 time", commas("t"), "NOT_NUMERIC", ("cox",)),
    Bad("B03 weights", commas("w"), "NOT_NUMERIC", MODELS, more={"weights": "w"}),
    Bad("B04 at one site", put(age=61.0), same),
    Bad("B04 everywhere", put(age=61.0), same, ("summary",), everywhere=True),
    Bad("B04 everywhere", put(age=61.0), "SINGULAR", MODELS, everywhere=True),
    *(Bad(f"B05 {c} as {m!r}", put(**{c: m}), None, MODELS)
      for m in (np.nan, None, pd.NA, pd.NaT) for c in ("age", "stage", "y")),
    *(Bad(f"B05 age as {m!r}", put(age=m), None, ("summary",), more=AGE)
      for m in (np.nan, None, pd.NA, pd.NaT)),
    Bad("B05 time", put(t=np.nan), None, ("cox",)),
    Bad("B06 age", at(THIRD, "age", np.nan, float), dropping("age"), more=AGE),
    Bad("B06 stage", at(THIRD, "stage", None), dropping("stage"), more=STAGE),
    Bad("B06 outcome", at(THIRD, "y", np.nan, float), dropping("y"), MODELS),
    *(Bad(f"B06 {r}", at(THIRD, c, np.nan, float), dropping(c), MODELS, more={r: c})
      for r, c in ROLES.items()),
    Bad("B06 time", at(THIRD, "t", np.nan, float), dropping("t"), ("cox",)),
    *(Bad(f"B07 age {v}", at(0, "age", v, float), "NON_FINITE") for v in (np.inf, -np.inf, 1e300)),
    *(Bad(f"B07 {c} {v}", at(0, c, v, float), "NON_FINITE", MODELS, more=ROLES)
      for v in (np.inf, -np.inf, 1e300) for c in ("w", "o")),
    *(Bad(f"B07 time {v}", at(0, "t", v, float), "NON_FINITE", ("cox",)) for v in (np.inf, 1e300)),
    Bad("B07 event", at(0, "y", np.inf, float), "NON_FINITE", MODELS),
    Bad("B08 a level of its own", put(stage=np.resize(["IV", "I"], N)), same, policy=OPEN),
    Bad("B08 not in the codebook", put(stage=np.resize(["IV", "I"], N)), "UNKNOWN_LEVEL",
        more={"levels": {"stage": ["I", "II", "III"]}}),
    Bad("B09", same, same, ("summary",), more={"levels": {"stage": ["I", "II", "III", "V"]}}),
    Bad("B09", same, "EMPTY_LEVEL", MODELS, more={"levels": {"stage": ["I", "II", "III", "V"]}}),
    *(Bad(f"B10 only {v} at a site", put(y=v), same, MODELS) for v in (0, 1)),
    Bad("B10 three events at a site", put(y=[1] * 3 + [0] * (N - 3)), "FEW_EVENTS", MODELS),
    Bad("B10 no event at all", put(y=0), "BAD_EVENT", ("cox",), everywhere=True),
    *(Bad(f"B10 only {v} at all", put(y=v), "BAD_OUTCOME", ("logistic",), everywhere=True,
          policy=OPEN) for v in (0, 1)),
    *(Bad(f"B10 only {v} at all", put(y=v), same, ("summary",), everywhere=True,
          more={"columns": ["y"]}) for v in (0, 1)),
    Bad("B11 complete", put(y=beyond), "SEPARATION", ("logistic",), everywhere=True, policy=OPEN),
    Bad("B11 quasi", put(y=lambda f: f["y"].where(f["stage"] != "III", 0)), "SEPARATION",
        MODELS, everywhere=True),
    Bad("B11 monotone times", put(t=lambda f: f["age"].rank(), y=1), "SEPARATION", ("cox",),
        everywhere=True, policy=OPEN),
    Bad("B11 described", put(y=beyond), same, ("summary",), everywhere=True,
        more={"columns": ["y", "age"], "correlation": True}),
    *(Bad(f"B12 noise {e}", put(bmi=lambda f, e=e: 2 * f["age"] - 7 + e * f["o"]), "SINGULAR",
          MODELS, everywhere=True) for e in (0.0, 1e-10)),
    *(Bad(f"B12 noise {e}", put(bmi=lambda f, e=e: 2 * f["age"] - 7 + e * f["o"]), same,
          ("summary",), everywhere=True,
          more={"columns": ["age", "bmi"], "correlation": True}) for e in (0.0, 1e-10)),
    Bad("B13 one round", same, "BAD_REQUEST", more={"max_rounds": 1}),
    Bad("B13 two rounds", same, "NOT_CONVERGED", MODELS, more={"max_rounds": 2}),
    Bad("B14 everywhere", scaled, same, everywhere=True),
    Bad("B14 time in nanoseconds", put(t=lambda f: f["t"] * 1e9), same, ("cox",), everywhere=True),
    Bad("B15 age twice", put(**{"age ": 1}), "DUPLICATE_COLUMN"),
    Bad("B15 outcome twice", put(**{"y ": 1}), "DUPLICATE_COLUMN", MODELS),
    Bad("B15 time twice", put(**{" t": 1}), "DUPLICATE_COLUMN", ("cox",)),
    *(Bad(f"B16 {n}", renamed("age", n), same, ("summary",), everywhere=True,
          more={"columns": [n]}) for n in NAMES),
    *(Bad(f"B16 {n}", renamed("age", n), same, MODELS, everywhere=True,
          more={"predictors": [n, "bmi"]}) for n in NAMES),
    Bad("B16 10 kB", same, "BAD_REQUEST", ("summary",), more={"columns": ["x" * 10_000]}),
    Bad("B16 10 kB", same, "BAD_REQUEST", MODELS, more={"predictors": ["x" * 10_000]}),
    Bad("B17 time 0", at(4, "t", 0.0, float), same, ("cox",)),  # as R takes it
    Bad("B17 time -1", at(4, "t", -1.0, float), "BAD_TIME", ("cox",)),
    Bad("B17 entry at time", put(s=lambda f: f["t"]), "BAD_TIME", ("cox",), more={"entry": "s"},
        everywhere=True),
    Bad("B17 dates", put(t=DATES), "NOT_NUMERIC", ("cox",)),
    Bad("B17 dates", put(age=DATES), "NOT_NUMERIC"),
    *(Bad(f"B18 {k}", cast("y", k), cast("y", int), MODELS)
      for k in (bool, "boolean", float, "Int64", object)),
    *(Bad(f"B18 {name}", put(y=lambda f, m=m: f["y"].map(m)), code, (analysis,))
      for name, m in (("1/2", {0: 1, 1: 2}), ("yes", {0: "no", 1: "yes"}), ("-1", {0: -1, 1: 1}))
      for analysis, code in (("logistic", "BAD_OUTCOME"), ("cox", "BAD_EVENT"))),
    Bad("B19 empty", lambda f: pd.DataFrame(), "COLUMN_MISSING"),
    Bad("B19 header only", first(0), None),
    *(Bad(f"B19 {n} rows", first(n), "MIN_ROWS") for n in (1, 2)),
    Bad("B19 headers everywhere", first(0), "TOO_FEW_SITES", everywhere=True),
    Bad("B20 p > n", wide, "TOO_MANY_PARAMETERS", MODELS, everywhere=True,
        more={"predictors": WIDE}),
    Bad("B20 p = 0", same, "BAD_REQUEST", MODELS, more={"predictors": []}),
    Bad("B20 p = 0", same, "BAD_REQUEST", ("summary",), more={"columns": []}),
    Bad("B21 one age, one time", put(age=lambda f: beyond(f) * 1.0, t=7), same, everywhere=True),
    Bad("B21 one row over and over", lambda f: f.iloc[[0] * N].assign(y=np.arange(N) % 2),
        "SINGULAR", MODELS, everywhere=True),
    Bad("B21 one row over and over", lambda f: f.iloc[[0] * N], same, ("summary",),
        everywhere=True),
    *(Bad(f"B22 bmi {k}", lambda f, k=k: f.assign(age=f["age"].round()).astype({"age": k}),
          lambda f: f.assign(age=f["age"].astype(float)))
      for k in ("int16", "Int64", "Float64", "object", "int64[pyarrow]", "float32")),
    *(Bad(f"B22 stage {k}", cast("stage", k), same)
      for k in ("category", "string", "object", "string[pyarrow]")),
    Bad("B22 Int64 with NA", lambda f: at(THIRD, "age", pd.NA, "Int64")(f.round({"age": 0})),
        lambda f: f.iloc[NOT_BLANK].astype({"age": float}), more=AGE),
    *(Bad(f"B22 flags as {k}", put(bmi=lambda f, k=k: (f["bmi"] > 27).astype(k)),
          lambda f: f.assign(bmi=f["bmi"].astype(float)), MODELS, everywhere=False,
          more={"predictors": ["age", "bmi"]}) for k in (bool, "boolean", int)),
    *(Bad(f"B23 {name}", put(age=values), "NOT_NUMERIC") for name, values in (
        ("dates", DATES), ("time zone", DATES.tz_localize("Europe/Amsterdam")),
        ("days", DATES.date), ("durations", DATES - DATES[0]), ("periods", DATES.to_period("D")))),
    *(Bad(f"B27 blank in {k}", blank(k), keep(NOT_BLANK), more=STAGE)
      for k in ("object", "category", "string")),
    Bad("B27 NA is a level", put(stage=np.resize(["NA", "I"], N)), same, policy=OPEN),
    Bad("B27 three blanks", at([0, 1, 2], "stage", " "), "FEW_INCOMPLETE", MODELS),
]
# fmt: on
CASES = [
    pytest.param(bad, analysis, id=f"{bad.name[:3]}-{analysis}-{bad.name[4:60]}")
    for bad in TABLE
    for analysis in bad.analyses
]


@pytest.mark.filterwarnings("ignore:Discarding nonzero nanoseconds")
@pytest.mark.parametrize(("bad", "analysis"), CASES)
def test_one_bad_site_of_three(bad: Bad, analysis: str) -> None:
    # "columns" is the summary's word: the models have the same columns as ever
    more = {
        name: value
        for name, value in bad.more.items()
        if not (name == "columns" and analysis != "summary")
    }
    frames = [bad.spoil(good(k)) if bad.everywhere or k == 3 else good(k) for k in (1, 2, 3)]
    found = run(analysis, frames, bad.policy, **more)
    if isinstance(bad.gives, str):
        assert ended(found) == bad.gives
        sites = {site["organization_id"] for site in found["error"]["sites"]}
        assert bad.everywhere or sites <= {3}
        return
    if bad.gives is None:
        if analysis != "summary":  # a summary may have rows with other columns
            assert found["sites"][2]["status"] == "no_rows"
            assert "NO_ROWS" in [warning["code"] for warning in found["warnings"]]
        meant = frames[:2]
    else:
        rows = bad.gives
        meant = [rows(f) if bad.everywhere or k == 2 else f for k, f in enumerate(frames)]
    expected = digits(pooled(analysis, meant, **more))
    assert digits(found) == pytest.approx(expected, rel=RELATIVE, abs=1e-9)


def test_every_analysis_meets_every_kind_of_bad_input() -> None:
    """But those that are about arguments, order or JSON: they have files of their own."""
    ids = {analysis: {b.name[:3] for b in TABLE if analysis in b.analyses} for analysis in REQUESTS}
    listed = {f"B{k:02}" for k in range(1, 28)} - {"B24", "B25", "B26"}
    survival_only, models_only = {"B17"}, {"B18"}
    assert listed - ids["cox"] == set()
    assert listed - ids["logistic"] <= survival_only
    assert listed - ids["summary"] <= survival_only | models_only
