"""Any split of any small table gives the answer of one site, and quantiles are never wrong."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from helpers.policies import EXACT, exact
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_summary.grouping import GroupedColumn
from v6_summary.refining import curve_of

VALUES = st.one_of(
    st.none(),
    st.integers(-20, 20).map(float),
    st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False).map(lambda v: round(v, 3)),
)
ROW = st.tuples(VALUES, VALUES, st.sampled_from(["a", "b", "c", None]), st.sampled_from("xy"))
TABLES = st.lists(st.tuples(ROW, st.integers(0, 3)), min_size=2, max_size=40)
LEVELS = {"level": ["a", "b", "c"], "arm": ["x", "y"]}
REQUEST: dict[str, Any] = {
    "columns": ["u", "v", "level"],
    "group_by": "arm",
    "levels": LEVELS,
    "correlation": True,
}
FEW, MANY = (
    settings(max_examples=draws, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    for draws in (30, 120)
)


def frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=["u", "v", "level", "arm"])
    return made.astype({"u": float, "v": float})


def run(frames: list[pd.DataFrame], policy: Policy) -> dict[str, Any]:
    found = local.run("summary", frames, REQUEST, policy=policy, minimum_sites=0)
    assert found["status"] == "completed", found["error"]
    return found


def same(ours: Any, theirs: Any, scale: float) -> bool:
    if ours is None or theirs is None or isinstance(ours, str | bool):
        return bool(ours == theirs)
    # absolute: rounding of sums is relative to the largest value, not to a result near zero
    return bool(np.isclose(ours, theirs, rtol=1e-8, atol=1e-9 * scale))


@MANY
@given(TABLES, st.sampled_from([1, 3, 5]))
def test_cells_of_the_first_round_bound_every_count(table: list[Any], cell: int) -> None:
    values = np.array([np.nan if row[0] is None else row[0] for row, _ in table])
    place = np.array([site for _, site in table])
    cells = []
    for site in range(4):
        (own,) = GroupedColumn(values[place == site], None, exact(min_cell=cell)).outline()
        assert all(rows >= cell for rows in own.values()) or sum(own.values()) < cell
        cells += [(*map(float, bounds.split(" ")), rows) for bounds, rows in own.items()]
    curve = curve_of(cells)
    counts = (values[:, None] <= curve.points).sum(axis=0)
    assert (curve.at_least <= counts).all()
    assert (counts <= curve.at_most).all()


def check_split(table: list[Any]) -> None:
    whole = frame([row for row, _ in table])
    sites = [whole[[site == k for _, site in table]] for k in range(4)]
    one, many = run([whole], Policy.open()), run(sites, Policy.open())
    scale = max(1.0, float(np.nanmax(np.abs(whole[["u", "v"]].to_numpy()), initial=0.0)))
    exact = ("n", "missing", "mean", "sd", "variable", "group")
    for ours, theirs in zip(many["numeric"], one["numeric"], strict=True):
        assert all(same(ours[key], theirs[key], scale) for key in exact)
    assert many["categorical"] == one["categorical"]
    for ours, theirs in zip(many["comparison"], one["comparison"], strict=True):
        if ours["test"] == "chi_square":
            assert all(same(ours[key], theirs[key], 1.0) for key in ours)


@FEW
@given(TABLES)
def test_any_split_gives_the_answer_of_one_site(table: list[Any]) -> None:
    check_split(table)


@pytest.mark.repeats
@MANY
@given(TABLES)
def test_any_split_gives_the_answer_of_one_site_in_many_draws(table: list[Any]) -> None:
    check_split(table)


def check_quantiles(table: list[Any], cell: int) -> None:
    policy = exact(min_rows=1, min_cell=cell, levels_per_row=2.0, min_spread=0.0)
    whole = frame([row for row, _ in table])
    sites = [whole[[site == k for _, site in table]] for k in range(4)]
    found = local.run("summary", sites, REQUEST, policy=policy, minimum_sites=0)
    assume(found["status"] == "completed")  # R5 refuses columns that few rows make
    for record in found["numeric"]:
        if record["group"] != "all":
            continue  # groups leave out sites that withhold them
        for q, name in ((0.05, "q05"), (0.25, "q1"), (0.5, "median"), (0.95, "q95")):
            x = whole[record["variable"]].dropna()
            withheld = record["n"] is None
            if x.empty or withheld:
                assert record[name] is record[f"{name}_low"] is record[f"{name}_high"] is None
                continue
            low, high, true = record[f"{name}_low"], record[f"{name}_high"], x.quantile(q)
            slack = 1e-9 * max(1.0, x.abs().max())
            assert low - slack <= true <= high + slack


@FEW
@given(TABLES, st.sampled_from([1, 3, 5]))
def test_the_true_quantile_is_always_in_the_interval(table: list[Any], cell: int) -> None:
    check_quantiles(table, cell)


@pytest.mark.repeats
@MANY
@given(TABLES, st.sampled_from([1, 3, 5]))
def test_the_true_quantile_is_always_in_the_interval_in_many_draws(
    table: list[Any], cell: int
) -> None:
    check_quantiles(table, cell)


NONNEGATIVE = {
    "counts": lambda rng, n: rng.poisson(1.2, n).astype(float),
    "counts from 1": lambda rng, n: 1.0 + rng.geometric(0.4, n),
    "concentrations": lambda rng, n: rng.lognormal(0, 1.5, n).round(2),
    "many zeros": lambda rng, n: np.where(rng.random(n) < 0.4, 0.0, rng.exponential(30, n)),
    "far from 0": lambda rng, n: rng.normal(2005, 4, n).round(),
}


@pytest.mark.parametrize("limits", ["shipped", "open"])
@pytest.mark.parametrize("sites", [2, 5])
@pytest.mark.parametrize("kind", NONNEGATIVE)
def test_what_cannot_be_negative_is_not_shown_so(kind: str, sites: int, limits: str) -> None:
    """No end of an interval and no bin is below 0 where no row is; else 0 is no bound."""
    rng = np.random.default_rng(8)
    x, arm = NONNEGATIVE[kind](rng, 600), rng.choice(["u", "v"], 600)
    whole = pd.DataFrame({"x": x, "arm": arm})
    whole["moved"] = whole["x"] - 1e4  # one site has it, another not: some are below 0
    whole.loc[::sites, "moved"] += 1e4
    frames = [whole.iloc[k::sites] for k in range(sites)]
    policy = Policy.open() if limits == "open" else exact(min_spread=0.0)
    request = {"columns": ["x", "moved"], "group_by": "arm", "quantiles": [0.001, 0.01, 0.05]}
    found = local.run("summary", frames, request, policy=policy, minimum_sites=1)
    groups = {"all": whole, **dict(iter(whole.groupby("arm")))}
    for row in found["numeric"]:
        values = groups[row["group"]][row["variable"]]
        for q, name in (
            (0.001, "q0.1"),
            (0.01, "q01"),
            (0.05, "q05"),
            (0.25, "q1"),
            (0.5, "median"),
        ):
            low, high, true = row[f"{name}_low"], row[f"{name}_high"], values.quantile(q)
            assert low - 1e-9 <= true <= high + 1e-9
            assert row["variable"] == "moved" or low >= 0
    bins = found["histogram"]["x"]
    assert bins["lower"][0] >= 0
    assert sum(bins["count"]) == 600
    lowest = found["histogram"]["moved"]["lower"][0]
    assert lowest is None or lowest < 0


@pytest.mark.parametrize("shift", [0.0, 1e9, -1e12])
def test_moments_do_not_cancel(shift: float) -> None:
    x = np.random.default_rng(3).normal(size=3000).round(4)
    frames = [pd.DataFrame({"x": part + shift}) for part in np.split(x, [200, 1200])]
    arguments = {"columns": ["x"]}
    found = local.run("summary", frames, arguments, policy=Policy.open())["numeric"][0]
    stored = pd.concat(frames)["x"].to_numpy() - shift  # exact: what the floats hold
    assert found["sd"] == pytest.approx(np.std(stored, ddof=1), rel=1e-10)
    assert found["mean"] == pytest.approx(shift + stored.mean(), rel=1e-15, abs=1e-12)
    deviation = stored - stored.mean()
    g2 = (deviation**4).mean() / (deviation**2).mean() ** 2 - 3
    assert found["kurtosis"] == pytest.approx(g2, abs=1e-10)


def test_sites_far_apart_are_pooled() -> None:
    """Means of 1e9 that differ by 100 sd between sites: the rough grid misses them at first."""
    rng = np.random.default_rng(4)
    parts = [1e9 + centre + rng.normal(size=500) for centre in (0, 100, -300)]
    frames = [pd.DataFrame({"x": part}) for part in parts]
    found = local.run("summary", frames, {"columns": ["x"]}, policy=Policy.open())
    pooled = pd.concat(frames)["x"]
    record = found["numeric"][0]
    assert record["sd"] == pytest.approx(pooled.std(), rel=1e-9)
    assert len(found["ledger"]) <= 4
    for q, name in ((0.25, "q1"), (0.5, "median"), (0.95, "q95")):
        assert record[f"{name}_low"] <= pooled.quantile(q) <= record[f"{name}_high"]


def test_permutation_of_rows_sites_and_columns_changes_nothing_B25() -> None:
    rng = np.random.default_rng(5)
    whole = pd.DataFrame({"u": rng.normal(size=90), "v": rng.exponential(size=90)})
    frames = [whole.iloc[:20], whole.iloc[20:50], whole.iloc[50:]]
    shuffled = [f.sample(frac=1, random_state=1)[["v", "u"]] for f in reversed(frames)]
    arguments = {"columns": ["u", "v"]}
    one = local.run("summary", frames, arguments, policy=Policy.open())["numeric"]
    two = local.run("summary", shuffled, arguments, policy=Policy.open())["numeric"]
    for a, b in zip(one, two, strict=True):
        for key, value in a.items():
            assert b[key] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-12))


def test_the_median_is_narrow_under_the_shipped_limits() -> None:
    """1,000 rows a site: the asked quantiles are certain to .1 sd."""
    rng = np.random.default_rng(6)
    frames = [pd.DataFrame({"x": rng.normal(50, 12, size=1000)}) for _ in range(3)]
    found = local.run("summary", frames, {"columns": ["x"]}, policy=EXACT)["numeric"][0]
    for name in ("q05", "q1", "median", "q3", "q95"):
        assert found[f"{name}_high"] - found[f"{name}_low"] <= 0.1 * found["sd"]
