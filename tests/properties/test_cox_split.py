"""Any split of the rows into sites, any order: what strata by site, or one baseline, give."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.policies import EXACT, exact
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_cox.predict import predict

REQUEST: dict[str, Any] = {"time": "t", "event": "e", "formula": "x + g", "levels": {"g": "abc"}}
REQUEST["levels"] = {"g": ["a", "b", "c"]}


def rows(seed: int, n: int, ties: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=n).round(3), "g": rng.choice(list("abc"), n)})
    time = rng.exponential(ties, n) * np.exp(-0.5 * frame["x"])
    frame["e"] = (rng.random(n) < 0.7).astype(int)
    frame["w"] = rng.integers(1, 5, n) / 2
    return frame.assign(t=np.ceil(time), site=rng.integers(0, 4, n))


def run(frames: list[pd.DataFrame], **more: Any) -> dict[str, Any]:
    return local.run("cox", frames, REQUEST | more, policy=Policy.open(), minimum_sites=1)


def numbers(found: dict[str, Any]) -> Any:
    names = ("estimate", "std_error")
    fit = found["fit"][0]
    tests = [
        fit[n] for n in ("log_likelihood", "lr_statistic", "wald_statistic", "score_statistic")
    ]
    hazards = [row["statistic"] for row in found["proportional_hazards"]]
    return [row[n] for row in found["coefficients"] for n in names] + tests + hazards


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.sampled_from([8, 100]), st.sampled_from(["efron", "breslow"]))
def test_one_baseline_for_all_is_blind_to_the_split(seed: int, ties: int, method: str) -> None:
    whole = rows(seed, 120, ties)
    sites = [part for _, part in whole.groupby("site")]
    more = {"baseline": "exact", "ties": method, "weights": "w", "robust": True}
    one, many = run([whole], **more), run(sites, **more)
    assert numbers(many) == pytest.approx(numbers(one), rel=1e-6, abs=1e-7)
    robust = [[row["robust_se"] for row in found["coefficients"]] for found in (one, many)]
    assert robust[0] == pytest.approx(robust[1], rel=1e-6)


def test_one_baseline_estimates_a_column_that_is_constant_at_each_site() -> None:
    """A kind of hospital: no site's own likelihood tells of it, a common baseline compares them."""
    whole = rows(4, 200, 30).assign(kind=lambda frame: frame["site"] % 3)
    sites = [part for _, part in whole.groupby("site")]
    more = {"formula": "x + g + kind", "baseline": "exact", "robust": True}
    one, many = run([whole], **more), run(sites, **more)
    assert numbers(many) == pytest.approx(numbers(one), rel=1e-6, abs=1e-7)
    apart = run(sites, formula="x + g + kind")["error"]
    assert apart["code"] == "SINGULAR"
    assert apart["message"].startswith("kind does not vary")
    assert "baseline='exact'" in apart["remedy"]


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(["site", "exact"]), st.sampled_from([None, "w"]))
def test_a_column_constant_within_every_stratum_is_named(
    seed: int, baseline: str, weights: str | None
) -> None:
    """R: NA. What rounding leaves of its information once gave standard errors from 60 to 1e20."""
    rng, whole = np.random.default_rng(seed), rows(seed, 150, 8)
    value = rng.normal(size=2) * 10.0 ** rng.integers(-3, 6) + 1e4 * rng.integers(0, 2)
    whole = whole.assign(s=rng.integers(0, 2, 150), k=lambda frame: value[frame["s"]])
    more: dict[str, Any] = {"formula": "x + g + k", "strata": ["s"], "baseline": baseline}
    found = run([part for _, part in whole.groupby("site")], **more, weights=weights)
    assert found["error"]["code"] == "SINGULAR"
    assert found["error"]["message"].startswith("k does not vary")


def test_a_common_baseline_leaves_a_start_that_is_worse_than_none() -> None:
    """The sites' own fits are separated, far on the other side of what both together say.

    R: coxph(Surv(en, t, e) ~ x, d, ties = "breslow"): 4.420507287, standard error 5.989267894.
    """
    one = {
        "x": [-0.32, 0.47, -0.39, -0.02, -0.28, -0.48, 0.28, -0.66, -0.2, -0.48, 0.97],
        "t": [2.3, 15.0, 18.5, 56.8, 10.9, 5.0, 38.0, 1.6, 64.6, 15.1, 0.5],
        "en": [0.2, 0.2, 11.8, 38.0, 0.7, 0.2, 19.7, 0.0, 38.0, 4.7, 0.2],
        "e": [0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0],
    }
    two = {"x": [-0.51, -1.34, 0.33, -1.05], "t": [16.0, 16.7, 0.2, 18.6], "e": [0, 0, 1, 0]}
    sites = [pd.DataFrame(one), pd.DataFrame(two | {"en": [0.2, 0.2, 0.1, 13.6]})]
    more: dict[str, Any] = {"formula": "x", "levels": {}, "entry": "en", "ties": "breslow"}
    found = run(sites, **more, baseline="exact")["coefficients"][0]
    assert (found["estimate"], found["std_error"]) == pytest.approx((4.420507287, 5.989267894))
    assert run(sites, **more)["error"]["code"] == "SEPARATION"


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.sampled_from([8, 100]))
def test_a_baseline_a_site_is_a_stratum_a_site(seed: int, ties: int) -> None:
    whole = rows(seed, 120, ties)
    sites = [part for _, part in whole.groupby("site")]
    one, many = run([whole], strata=["site"]), run(sites)
    assert numbers(many) == pytest.approx(numbers(one), rel=1e-6, abs=1e-7)
    assert one["fit"][0]["concordance"] == pytest.approx(many["fit"][0]["concordance"], rel=1e-12)


@pytest.mark.parametrize("baseline", ["site", "exact"])
def test_order_of_rows_sites_and_columns_changes_nothing_B25(baseline: str) -> None:
    whole = rows(5, 150, 30)
    sites = [part for _, part in whole.groupby("site")]
    shuffled = [part.sample(frac=1, random_state=1)[sorted(part)] for part in reversed(sites)]
    one, two = run(sites, baseline=baseline), run(shuffled, baseline=baseline)
    assert numbers(two) == pytest.approx(numbers(one), rel=1e-9, abs=1e-12)


def test_changes_of_unit_change_terms_not_the_fit() -> None:
    """I(x/10 - 2) is made by the centre; a formula without intercept codes factors as R does."""
    sites = [part for _, part in rows(6, 200, 30).groupby("site")]
    plain = run(sites, time_horizon=40)
    other = run(sites, formula="0 + I(x/10 - 2) + g", time_horizon=40)
    estimates = [[row["estimate"] for row in found["coefficients"]] for found in (plain, other)]
    assert estimates[1] == pytest.approx([10 * estimates[0][0], *estimates[0][1:]], rel=1e-9)
    hazards = [[row["statistic"] for row in f["proportional_hazards"]] for f in (plain, other)]
    assert hazards[1] == pytest.approx(hazards[0], rel=1e-6)
    profile = [{"x": 1.5, "g": "b"}]
    curves = [predict(found, profile) for found in (plain, other)]
    for one, two in zip(*curves, strict=True):
        assert two["survival"] == pytest.approx(one["survival"], rel=1e-9)
    for one, two in zip(plain["baseline_hazard"], other["baseline_hazard"], strict=True):
        assert two["cumulative_hazard"] == pytest.approx(one["cumulative_hazard"], rel=1e-8)


@pytest.mark.parametrize("baseline", ["site", "exact"])
def test_curves_count_who_remains_and_limits_only_leave_points_out(baseline: str) -> None:
    """Under the shipped limits the points shown are those of an open policy, or null."""
    sites = [part.assign(b=part["t"] // 3) for _, part in rows(11, 900, 30).groupby("site")]
    more = {"baseline": baseline, "entry": "b", "time_horizon": 50}
    limits = [Policy.open(), exact(allow_event_times=True)]
    whole, shown = (
        local.run("cox", sites, REQUEST | more, policy=policy)["baseline_hazard"]
        for policy in limits
    )
    pooled = [pd.concat(sites)] if baseline == "exact" else sites
    for every, some, frame in zip(whole, shown, pooled, strict=True):
        assert every["n_at_risk"] == [
            ((frame["t"] > time) & (frame["b"] <= time)).sum() for time in every["time"]
        ]
        assert (np.diff(every["cumulative_hazard"]) >= 0).all()
        at = [every["time"].index(time) for time in some["time"]]
        assert len(at) >= 3
        for name in ("cumulative_hazard", "survival"):
            assert some[name] == pytest.approx(np.array(every[name])[at], rel=1e-12)
        known = zip(some["n_at_risk"], np.array(every["n_at_risk"])[at], strict=True)
        assert all(ours in (None, theirs) for ours, theirs in known)


def test_profiles_are_predicted_from_the_result_alone() -> None:
    """S(t|x) = exp(-H0(t) exp((x - m) b)); the request's profiles and the function agree."""
    sites = [part for _, part in rows(7, 200, 30).groupby("site")]
    profiles = [{"x": 1.0, "g": "a"}, {"x": -1, "g": "c"}]
    found = run(sites, time_horizon=40, profiles=profiles)
    assert predict(found, profiles) == found["prediction"]
    assert len(found["prediction"]) == 2 * len(found["baseline_hazard"])
    b = {row["term"]: row["estimate"] for row in found["coefficients"]}
    last, curve = found["prediction"][-1], found["baseline_hazard"][-1]
    mean = found["model"]["means"]
    away = {"x": -1 - mean["x"], "g[T.b]": -mean["g[T.b]"], "g[T.c]": 1 - mean["g[T.c]"]}
    relative = np.exp(sum(away[term] * b[term] for term in b))
    expected = np.exp(-np.array(curve["cumulative_hazard"]) * relative)
    assert last["survival"] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("profile", "named"),
    [({"x": 1}, "'g'"), ({"x": 1, "g": "z"}, "g"), ({"x": "1", "g": "a"}, "x")],
)
def test_bad_profiles_are_named(profile: dict[str, Any], named: str) -> None:
    sites = [part for _, part in rows(8, 200, 30).groupby("site")]
    found = run(sites, time_horizon=40, profiles=[profile])
    assert found["error"]["code"] == "BAD_REQUEST"
    assert named in found["error"]["message"]


def test_a_ridge_shrinks_and_leaves_likelihood_tests_out() -> None:
    """What its estimates are: test_ridge in tests/reference/test_cox.py."""
    sites = [part for _, part in rows(9, 200, 30).groupby("site")]
    free, ridge = run(sites), run(sites, ridge=50.0)
    sizes = [np.abs([row["estimate"] for row in f["coefficients"]]).sum() for f in (free, ridge)]
    assert sizes[1] < 0.9 * sizes[0]
    fit = ridge["fit"][0]
    assert [fit[n] for n in ("aic", "bic", "lr_statistic", "score_statistic")] == [None] * 4
    assert ridge["proportional_hazards"] == []


def test_three_rounds_on_seven_sites() -> None:
    """Of 10,000 rows, 20 predictors: four, were the report asked for with more care."""
    rng, names = np.random.default_rng(14), [f"x{k}" for k in range(20)]
    beta = np.linspace(-0.5, 0.5, 20)

    def site() -> pd.DataFrame:
        x = rng.normal(size=(10_000, 20))
        t = rng.exponential(size=10_000) * np.exp(-x @ (beta / np.linalg.norm(beta)))
        c = rng.exponential(2.0, 10_000)
        made = pd.DataFrame(x, columns=names)
        return made.assign(t=np.minimum(t, c), e=(t <= c).astype(int))

    arguments = {"time": "t", "event": "e", "predictors": names}
    found = local.run("cox", [site() for _ in range(7)], arguments, policy=EXACT)
    assert [line["step"] for line in found["ledger"]] == ["start", "evaluate", "evaluate"]


@pytest.mark.parametrize("more", [{}, {"baseline": "exact", "robust": True}])
def test_large_sites_take_three_rounds(more: dict[str, Any]) -> None:
    """With a common baseline too: event times come with the start."""
    rng = np.random.default_rng(10)

    def site() -> pd.DataFrame:
        x = rng.normal(size=(100_000, 5))
        t = rng.exponential(size=100_000) * np.exp(-x @ np.linspace(-0.5, 0.5, 5))
        c = rng.exponential(2.0, 100_000)
        made = pd.DataFrame({f"x{k}": x[:, k] for k in range(5)})
        times = np.minimum(t, c) if not more else np.ceil(100 * np.minimum(t, c))
        return made.assign(t=times, e=(t <= c).astype(int))

    arguments = {"time": "t", "event": "e", "predictors": [f"x{k}" for k in range(5)], **more}
    allowed = exact(allow_event_times=True)
    found = local.run("cox", [site() for _ in range(3)], arguments, policy=allowed)
    assert [line["step"] for line in found["ledger"]] == ["start", "evaluate", "evaluate"]


@pytest.mark.parametrize("baseline", ["site", "exact"])
def test_times_with_entries_may_start_anywhere(baseline: str) -> None:
    """As in R: a scale of time that is moved, below 0 too, has the same risk sets."""
    sites = [part.assign(b=part["t"] // 3) for _, part in rows(11, 300, 30).groupby("site")]
    moved = [part.assign(t=part["t"] - 20, b=part["b"] - 20) for part in sites]
    more = {"baseline": baseline, "entry": "b", "zph_transform": "km"}
    assert numbers(run(moved, **more)) == pytest.approx(numbers(run(sites, **more)), rel=1e-12)
