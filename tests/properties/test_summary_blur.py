"""Summaries of sites that blur their sums: near the exact ones, possible, of one draw a row set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from helpers.summary_cases import CASES, dataset, request, split
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_clinical.protocol.analysis import Outcome, Place
from v6_clinical.protocol.sums import Sums
from v6_summary import analysis
from v6_summary.comparison import correlation_test, welch
from v6_summary.moments import Moments
from v6_summary.pairs import correlation as found_r
from v6_summary.pooled import Pooled
from v6_summary.result import conclude
from v6_summary.site import STEPS

OPEN = Policy.open()
REAL = ("mean", "sd", "skewness", "kurtosis")
CERTAIN = ("n", "missing", "variable", "group")


def blurred(draw: int = 0, tau: float = 0.01, floor: float = 0.15) -> Policy:
    return replace(OPEN, blur=tau, blur_rows=floor, secret=bytes([draw]) * 32)


def frames(sites: int = 3, n: int = 60, seed: int = 1) -> list[pd.DataFrame]:
    """Sites of n rows and more, with columns that are hard to blur well."""
    rng, found = np.random.default_rng(seed), []
    for site in range(sites):
        m = n * (site + 1)
        age, like = rng.integers(20, 90, m).astype(float), rng.normal(size=m)
        bmi = np.where(rng.random(m) < 0.2, np.nan, 20 + 0.1 * age + rng.normal(size=m))
        columns = {
            "age": age + site,
            "months": 12 * (age + site) + 24 * rng.normal(size=m),  # r about .99 or .999
            "large": 1e6 + like,
            "large_too": 1e6 + 2 * like + rng.normal(size=m),
            "dose": rng.lognormal(0, 1, m),
            "sick": (rng.random(m) < 0.3).astype(float),
            "bmi": bmi,
            "arm": rng.choice(["a", "b"], m),
            "stage": rng.choice(["I", "II", "III"], m),
        }
        found.append(pd.DataFrame(columns))
    return found


COLUMNS = ["age", "months", "large", "large_too", "dose", "sick", "bmi", "stage"]
ARGUMENTS: dict[str, Any] = {
    "columns": COLUMNS,
    "group_by": "arm",
    "correlation": True,
    "histogram": False,
    "quantiles": [0.5],
}


def run(
    sites: list[pd.DataFrame], policy: Policy | list[Policy], **more: Any
) -> tuple[dict[str, Any], Pooled, Outcome]:
    """Return the result, and what the centre knew and concluded."""
    seen: list[Any] = []

    def noted(asked: Any, planned: Any, pooled: Pooled) -> Outcome:
        seen.extend([pooled, conclude(asked, planned, pooled)])
        return seen[1]  # type: ignore[no-any-return]

    with mock.patch.object(analysis, "conclude", noted):
        found = local.run("summary", sites, ARGUMENTS | more, policy=policy, minimum_sites=1)
    assert found["status"] == "completed", found["error"]
    return found, *seen


def groups(pooled: Pooled) -> list[tuple[int, int | None]]:
    places = range(len(pooled.question.numeric))
    return [(i, g) for i in places for g in (None, *range(len(pooled.groups)))]


@pytest.mark.parametrize("draws", [5, pytest.param(200, marks=pytest.mark.repeats)])
@pytest.mark.parametrize(("sites", "correlation"), [(1, True), (3, True), (3, False)])
def test_exact_values_lie_within_some_declared_sd(
    sites: int, correlation: bool, draws: int
) -> None:
    """Of means and correlations, of all rows and of groups, with missing values and large means."""
    some = frames(sites)
    _, exact, _ = run(some, OPEN, correlation=correlation)
    off: dict[Any, list[float]] = {}
    for draw in range(draws):
        _, told, _ = run(some, blurred(draw), correlation=correlation)
        for i, g in groups(told):
            one, true = told.moments(i, g), exact.moments(i, g)
            assert one.n == true.n
            off.setdefault((i, g), []).append((one.mean - true.mean) / one.mean_noise)
        sums = (told.pair_sums(), told.pair_noise(), exact.pair_sums())
        pairs = zip(*sums, strict=True) if correlation else ()
        for k, (pair_sums, noise, own) in enumerate(pairs):
            pair, r = found_r(pair_sums, noise), found_r(own, noise).r
            z = (np.arctanh(pair.r) - np.arctanh(r)) / np.sqrt(pair.noise)
            off.setdefault(k, []).append(float(z))
    found = np.array(list(off.values()))
    assert np.abs(found).max() < 6.5
    if draws > 100:  # d and e are rounded up
        assert (np.abs(found) < 1.96).mean() > 0.936
        assert (np.std(found, axis=1) > 0.3).all()


@pytest.mark.parametrize("sites", [1, 3])
def test_counts_levels_and_certain_intervals_stay_exact(sites: int) -> None:
    some = frames(sites)
    exact, told = (run(some, policy, quantiles=[0.1])[0] for policy in (OPEN, blurred()))
    quantiles = [name for name in exact["numeric"][0] if name not in (*REAL, *CERTAIN)]
    for ours, theirs in zip(told["numeric"], exact["numeric"], strict=True):
        assert [ours[name] for name in CERTAIN] == [theirs[name] for name in CERTAIN]
        assert all(ours[name] == pytest.approx(theirs[name], rel=1e-3) for name in quantiles)
    assert [r["count"] for r in told["categorical"]] == [r["count"] for r in exact["categorical"]]
    assert [(r["variable_1"], r["n"]) for r in told["correlation"]] == [
        (r["variable_1"], r["n"]) for r in exact["correlation"]
    ]
    levels = [[row for row in f["comparison"] if row["variable"] == "stage"] for f in (told, exact)]
    for ours, theirs in zip(*levels, strict=True):
        assert ours["test"] == theirs["test"] == "chi_square"
        for name in ("statistic", "df", "p_value", "smd"):
            assert ours[name] == pytest.approx(theirs[name], rel=1e-9)


@pytest.mark.parametrize("kind", ["normal", "skewed", "few values", "mostly zero"])
def test_intervals_of_quantiles_stay_certain(kind: str) -> None:
    """Where cells do not bound a quantile, mean and sd do, noise or not."""
    draws: dict[str, Callable[[np.random.Generator, int], Any]] = {
        "normal": lambda rng, m: rng.normal(size=m),
        "skewed": lambda rng, m: rng.lognormal(0, 2, m),
        "few values": lambda rng, m: rng.integers(0, 5, m).astype(float),
        "mostly zero": lambda rng, m: np.where(rng.random(m) < 0.5, 0.0, rng.normal(size=m)),
    }
    shares = {"q0.1": 0.001, "q05": 0.05, "median": 0.5, "q95": 0.95, "q99.9": 0.999}
    for seed in range(6):
        rng, sizes = np.random.default_rng(seed), (16, 20, 40)
        some = [pd.DataFrame({"x": draws[kind](rng, m), "arm": "a"}) for m in sizes]
        policy = replace(blurred(seed, 0.05, 0.4), min_cell=5, allow_min_max=False)
        asked = {"columns": ["x"], "group_by": None, "quantiles": [0.001, 0.05, 0.95, 0.999]}
        (row,), x = run(some, policy, **asked)[0]["numeric"], pd.concat(some)["x"]
        for name, q in shares.items():
            slack = 1e-9 * x.abs().max()
            assert row[f"{name}_low"] - slack <= x.quantile(q) <= row[f"{name}_high"] + slack


@pytest.mark.parametrize("draw", range(5))
def test_what_is_told_is_possible(draw: int) -> None:
    """Also with the most noise that can be set."""
    told, pooled, _ = run(frames(), blurred(draw, 0.1, 0.5), per_site=True)
    for row in [*told["numeric"], *told["per_site"]["numeric"]]:
        assert row["sd"] > 0
        assert row["kurtosis"] + 2 >= row["skewness"] ** 2 - 1e-6
    for row in told["correlation"]:
        assert -1 <= row["conf_low"] <= row["r"] <= row["conf_high"] <= 1
    complete = [i for i, c in enumerate(pooled.question.numeric) if c.name != "bmi"]
    names = [pooled.question.numeric[i].name for i in complete]
    r = pd.DataFrame(np.eye(len(names)), names, names)
    for row in told["correlation"]:
        if {row["variable_1"], row["variable_2"]} <= set(names):
            r.loc[row["variable_1"], row["variable_2"]] = row["r"]
            r.loc[row["variable_2"], row["variable_1"]] = row["r"]
    assert np.linalg.eigvalsh(r.to_numpy()).min() > -1e-3  # of rounding


@pytest.mark.parametrize("r", [0.999, 0.9999])
@pytest.mark.parametrize("sites", [1, 3])
def test_a_close_correlation_is_not_thrown_off(r: float, sites: int) -> None:
    rng, some = np.random.default_rng(2), []
    for site in range(sites):
        x = rng.normal(size=60) + site
        y = r * x + np.sqrt(1 - r * r) * rng.normal(size=60)
        some.append(pd.DataFrame({"x": x, "y": 100 + 3 * y, "arm": ["a", "b"] * 30}))
    z = []
    for draw in range(4):
        found, *_ = run(some, blurred(draw), columns=["x", "y"])
        z.append(np.arctanh(found["correlation"][0]["r"]))
    exact = run(some, OPEN, columns=["x", "y"])[0]["correlation"][0]["r"]
    error = 1 / np.sqrt(60 * sites - 3)
    assert np.abs(np.array(z) - np.arctanh(exact)).max() < error


def tabulate(frame: pd.DataFrame, policy: Policy, shift: float, **more: Any) -> Sums:
    window = {"level": 3, "first": -100, "last": 100}
    some = ["age", "months", "dose", "sick", "bmi"]
    arguments = {
        "numeric": [{"name": name, "shift": shift, "window": window} for name in some],
        "categorical": [],
        "group": None,
        "correlation": True,
        "per_site": True,
        "finer": [],
    }
    return STEPS["tabulate"](frame, arguments | more, policy, Place(0, 1)).sums


@pytest.mark.parametrize("correlation", [False, True])
def test_all_steps_tell_the_same_draw(correlation: bool) -> None:
    """describe, tabulate, pairs, the site's own and groups that hold all rows."""
    (frame,) = frames(1)
    frame["every"] = "all of them"
    names = ["age", "months", "dose", "sick", "bmi"]
    asked: dict[str, Any] = {"names": names, "group_by": None, "levels": {}, "collapse": {}}
    asked["correlation"] = correlation
    first = STEPS["describe"](frame, asked, blurred(), Place(0, 1)).sums["moments"]
    group = {"name": "every", "levels": ["all of them"], "collapse": {}}
    sums = tabulate(frame, blurred(), 3.0, group=group, correlation=correlation)
    for i, (n, total, within, squares, *_) in enumerate(first.tolist()):
        found = sums[f"moments/{i}/all"]
        assert found[:3] == pytest.approx([n, total - 3 * n, within + squares - 6 * total + 9 * n])
        assert sums[f"moments/{i}/group"][0] == pytest.approx(found, rel=1e-14)
        assert (sums[f"site/0/moments/{i}/all"] == found).all()
    pairs = sums["pairs"] if correlation else np.zeros((0, 7))
    for k, j in enumerate((1, 2, 3)[: len(pairs)]):  # age beside the columns without missing values
        expected = [*sums["moments/0/all"][:2], sums[f"moments/{j}/all"][1]]
        expected += [sums["moments/0/all"][2], sums[f"moments/{j}/all"][2]]
        assert pairs[k, :5] == pytest.approx(expected, rel=1e-12)


def test_twelve_moved_shifts_give_the_same_moments() -> None:
    (frame,) = frames(1)
    found = []
    for shift in np.linspace(-50, 150, 12):
        sums = tabulate(frame, blurred(), float(shift))
        n, s1, s2, *_ = np.array([sums[f"moments/{i}/all"] for i in range(5)]).T
        m, sx, sy, _, _, sxy, _ = sums["pairs"].T
        mean, square = s1 / n + shift, s2 - s1**2 / n
        sizes = np.array([square[i] * square[j] for i, j in combinations(range(5), 2)])
        found.append([*mean, *np.log(square), *((sxy - sx * sy / m) / np.sqrt(sizes))])
    assert np.ptp(found, axis=0) == pytest.approx(0, abs=1e-10)


SPELLINGS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "rows": lambda frame: frame.sample(frac=1, random_state=1),
    "columns": lambda frame: frame[frame.columns[::-1]],
    "other columns": lambda frame: frame.assign(more=1.0, and_more=frame["age"] ** 2),
    "stored as": lambda frame: frame.astype({"age": "Int64", "sick": "int8", "arm": "category"}),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_of_a_file_gives_the_same_result(spelling: str) -> None:
    some = frames(2)
    found = [run(part, blurred())[0] for part in (some, [*map(SPELLINGS[spelling], some)])]
    assert {**found[0], "ledger": []} == {**found[1], "ledger": []}


def test_columns_asked_for_in_another_order_give_the_same_numbers() -> None:
    one, two = (run(frames(2), blurred(), columns=some)[0] for some in (COLUMNS, COLUMNS[::-1]))
    rows = [sorted(map(repr, found["numeric"])) for found in (one, two)]
    assert rows[0] == rows[1]
    r = [
        {frozenset((c["variable_1"], c["variable_2"])): c["r"] for c in f["correlation"]}
        for f in (one, two)
    ]
    assert r[0] == r[1]


@pytest.mark.parametrize("per_site", [False, True])
def test_results_say_how_exact_they_are_and_show_ten_digits(per_site: bool) -> None:
    found, pooled, outcome = run(frames(), blurred(), per_site=per_site)
    means = [pooled.moments(i, g) for i, g in groups(pooled)]
    largest = max(one.mean_noise / (one.sd / np.sqrt(one.n)) for one in means)
    assert outcome.precision == pytest.approx(largest)
    assert 0.01 < outcome.precision < 0.5
    assert found["precision"] == pytest.approx(outcome.precision)
    for row in [*found["numeric"], *found.get("per_site", {}).get("numeric", [])]:
        assert all(float(f"{row[name]:.10g}") == row[name] for name in REAL)
    assert run(frames(), OPEN)[2].precision == 0


def test_a_thousand_times_the_rows_are_told_nearly_exactly() -> None:
    rng = np.random.default_rng(3)
    some = [pd.DataFrame({"x": rng.normal(size=100_000), "arm": "a"}) for _ in range(2)]
    _, pooled, outcome = run(some, blurred(), columns=["x"])
    assert outcome.precision < 0.02
    exact = run(some, OPEN, columns=["x"])[1].moments(0, None)
    assert abs(pooled.moments(0, None).mean - exact.mean) < 0.05 * exact.sd / np.sqrt(exact.n)


def test_sites_may_differ_in_their_blur() -> None:
    some = frames(3)
    _, told, outcome = run(some, [OPEN, blurred(), OPEN])
    _, exact, _ = run(some, OPEN)
    assert outcome.precision > 0
    for i, g in groups(told):
        one, true = told.moments(i, g), exact.moments(i, g)
        assert one.mean != true.mean
        assert abs(one.mean - true.mean) < 6.5 * one.mean_noise


def test_intervals_and_p_values_count_the_noise() -> None:
    a, b = Moments(40, 1.0, 4.0, 0.0, 0.0), Moments(50, 2.0, 9.0, 0.0, 0.0)
    noisy = [replace(one, mean_noise=np.sqrt(one.variance / one.n)) for one in (a, b)]
    exact, told = welch([a, b]), welch(noisy)
    assert told.statistic == pytest.approx(exact.statistic / np.sqrt(2))
    assert told.df == pytest.approx(4 * exact.df)  # the noise's variance is known
    assert welch([*noisy, a]).statistic < welch([a, b, a]).statistic
    low, high, p_value = correlation_test(0.3, 53.0)
    wide = correlation_test(0.3, 53.0, noise=3 / 50)
    half = [np.arctanh(0.3) - np.arctanh(one) for one in (low, wide[0])]
    assert half[1] == pytest.approx(2 * half[0])
    assert wide[1] > high
    assert wide[2] > p_value


def test_data_that_change_are_seen_by_their_counts() -> None:
    """Sums do not tell: a site without a secret draws them anew."""
    (frame,) = frames(1)
    calls, usual = [], STEPS["tabulate"]

    def fewer(rows: pd.DataFrame, *more: Any) -> Any:
        calls.append(rows)
        return usual(rows.iloc[1:], *more)

    without = replace(blurred(), secret=None)
    run([frame, frame], without)
    with mock.patch.dict(STEPS, tabulate=fewer):
        found = local.run("summary", [frame, frame], ARGUMENTS, policy=without)
    assert found["error"]["code"] == "DATA_CHANGED"
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("name", "kind"), [*zip(CASES, ("empty_column", "no_level", "twelve_rows"), strict=True)]
)
def test_moments_of_reference_cases_are_as_near_as_is_declared(name: str, kind: str) -> None:
    some = split(dataset(name), kind, name)
    _, exact, _ = run(some, OPEN, **request(name))
    _, told, _ = run(some, blurred(), **request(name))
    for i, g in groups(told):
        one, true = told.moments(i, g), exact.moments(i, g)
        assert abs(one.mean - true.mean) <= 6.5 * one.mean_noise
        largest = max(true.population_sd / one.population_sd, 1.0) ** 2
        off = abs(one.population_sd**2 - true.population_sd**2)
        assert off <= 6.5 * largest * one.square_noise
