"""Bad inputs that are Cox regression's own; those that all analyses meet: test_matrix.py."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import three_sites
from helpers.policies import EXACT, exact
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

REQUEST: dict[str, Any] = {"time": "t", "event": "e", "predictors": ["x", "g"]}


def good(k: int, n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(k)
    frame = pd.DataFrame({"x": rng.normal(50, 10, n), "g": rng.choice(["A", "B"], n)})
    time = rng.exponential(100, n) * np.exp(-0.03 * (frame["x"] - 50))
    return frame.assign(t=np.ceil(time), e=(rng.random(n) < 0.6).astype(int))


def run(third: pd.DataFrame, **more: Any) -> dict[str, Any]:
    policy = more.pop("policy", EXACT)
    found = local.run("cox", [good(1), good(2), third], REQUEST | more, policy=policy)
    json.dumps(found, allow_nan=False)
    return found


def code(third: pd.DataFrame, **more: Any) -> str:
    found = run(third, **more)
    assert found["status"] in ("refused", "failed")
    assert {site["organization_id"] for site in found["error"]["sites"]} <= {3}
    assert "coefficients" not in found
    return str(found["error"]["code"])


def estimates(found: dict[str, Any]) -> list[float]:
    assert found["status"] == "completed", found["error"]
    return [row["estimate"] for row in found["coefficients"]]


def test_entry_must_be_before_time_B17() -> None:
    frames = [good(k).assign(s=lambda f: f["t"] / 2) for k in (1, 2, 3)]
    assert local.run("cox", frames, REQUEST | {"entry": "s"})["status"] == "completed"
    frames[2].loc[4, "s"] = frames[2].loc[4, "t"]
    found = local.run("cox", frames, REQUEST | {"entry": "s"})
    assert (found["error"]["code"], found["error"]["sites"][0]["where"]) == ("BAD_TIME", ["s"])


def test_times_of_0_and_below_B17() -> None:
    """R takes a follow-up of 0; below 0 it is a mistake unless there are entries before it."""
    frames = [good(k) for k in (1, 2, 3)]
    for frame in frames:
        frame.loc[:2, "t"] = 0
        frame.loc[:2, "e"] = 1
    assert local.run("cox", frames, REQUEST)["status"] == "completed"
    frames[2].loc[0, "t"] = -1
    found = local.run("cox", frames, REQUEST)
    assert (found["error"]["code"], found["error"]["sites"][0]["where"]) == ("BAD_TIME", ["t"])


@pytest.mark.parametrize("baseline", ["site", "exact"])
def test_an_event_at_0_has_no_logarithm_B17(baseline: str) -> None:
    """R's cox.zph(transform = "log") stops at it; a row that is censored there does no harm."""
    frames = [good(k) for k in (1, 2, 3)]
    frames[2].loc[0, ["t", "e"]] = 0
    asked = REQUEST | {"zph_transform": "log", "baseline": baseline}
    policy = exact(allow_event_times=True)
    assert local.run("cox", frames, asked, policy=policy)["status"] == "completed"
    frames[2].loc[0, "e"] = 1
    found = local.run("cox", frames, asked, policy=policy)
    assert found["error"]["code"] == "BAD_TIME"
    assert "zph_transform" in json.dumps(found["error"])
    km = local.run("cox", frames, asked | {"zph_transform": "km"}, policy=policy)
    assert km["status"] == "completed"


def test_scales_B14() -> None:
    """Covariates, and times in years or nanoseconds, give the same test statistics."""

    def scaled(k: int) -> pd.DataFrame:
        return good(k).assign(x=lambda f: f["x"] * 1e-6, t=lambda f: f["t"] * 1e9)

    found = local.run("cox", [scaled(1), scaled(2), scaled(3)], REQUEST, policy=EXACT)
    plain = run(good(3))
    for table in ("coefficients", "proportional_hazards"):
        ours, theirs = ([row["statistic"] for row in f[table]] for f in (found, plain))
        assert ours == pytest.approx(theirs, rel=1e-6)


def test_short_tables_B19_B20() -> None:
    assert code(good(3).iloc[:2]) == "MIN_ROWS"
    assert run(good(3).iloc[:0])["sites"][2]["status"] == "no_rows"
    assert code(good(3, 25)) == "TOO_MANY_PARAMETERS"
    assert run(good(3), predictors=None, formula="1")["error"]["code"] == "BAD_REQUEST"


def test_strata_with_a_codebook_and_merged_levels_B27() -> None:
    frames = [good(k).assign(s=lambda f: f.index % 3) for k in (1, 2)]
    frames = [frame.assign(s=frame["s"].map({0: "I", 1: "II", 2: " "})) for frame in frames]
    found = local.run("cox", frames, REQUEST | {"strata": ["s"]}, policy=Policy.open())
    assert found["fit"][0]["n_missing"] == 80
    found = local.run(
        "cox", frames, REQUEST | {"strata": ["s"], "levels": {"s": ["I", "III"]}}, policy=EXACT
    )
    assert found["error"]["code"] == "UNKNOWN_LEVEL"
    merged = {"strata": ["s"], "collapse": {"s": {"all": ["I", "II"]}}}
    found = local.run("cox", frames, REQUEST | merged, policy=EXACT)
    plain = local.run("cox", [f[f["s"] != " "] for f in frames], REQUEST, policy=EXACT)
    assert estimates(found) == pytest.approx(estimates(plain), rel=1e-9)


def test_a_level_at_one_site_only_or_nowhere_B08_B09() -> None:
    third = good(3).assign(g=["C"] * 60 + ["A"] * 60)
    assert [row["term"] for row in run(third)["coefficients"]] == ["x", "g[T.B]", "g[T.C]"]
    assert code(third, levels={"g": ["A", "B"]}) == "UNKNOWN_LEVEL"
    assert code(good(3), levels={"g": ["A", "B", "D"]}) == "EMPTY_LEVEL"


def test_robust_errors_that_few_rows_carry_are_refused_not_given_up() -> None:
    """Each site answers every question but that for the meat: the end says so, and soon."""
    frames = [three_sites.good(k) for k in (1, 2, 3)]
    more = {"weights": "w", "offset": "o", "cluster": "c"}
    found = three_sites.run("cox", frames, **more)
    assert three_sites.ended(found) == "COEFFICIENT_RANGE"
    assert [site["organization_id"] for site in found["error"]["sites"]] == [1]
    assert len(found["ledger"]) <= 10
    alone = three_sites.run("cox", frames, on_refusal="exclude", **more)
    assert [s["organization_id"] for s in alone["sites"] if s["status"] == "ok"] == [2, 3]


def test_a_stratum_without_events_is_no_mishap_B10() -> None:
    """Wherever it stands among the strata; it carries nothing, as in R."""
    for stratum in ("first", "last"):
        frames = [three_sites.good(k).assign(s="middle") for k in (1, 2, 3)]
        frames[2].loc[:40, ["s", "y"]] = [stratum, 0]
        found = three_sites.run("cox", frames, strata=["s"])
        rest = [*frames[:2], frames[2].iloc[41:]]
        expected = three_sites.digits(three_sites.run("cox", rest, strata=["s"]))
        assert three_sites.digits(found) == pytest.approx(expected, rel=1e-7)


def test_a_message_names_a_dozen_terms_at_most() -> None:
    """Every age a level of its own: the terms are as many as the rows."""
    found = run(good(3), predictors=None, formula="C(x)", policy=Policy.open())
    assert found["error"]["code"] in ("SINGULAR", "SEPARATION")
    assert found["error"]["message"].count("C(x)[") == 12
    assert found["error"]["message"].endswith(" more.")


@pytest.mark.parametrize("off", [-900.0, 900.0])
def test_an_offset_far_from_0_B15(off: float) -> None:
    """Its exponential is no number. At offset 0 all survive then, or nobody: as by survfit."""
    frames = [good(k).assign(off=lambda f: off + f["x"] / 100) for k in (1, 2, 3)]
    asked = REQUEST | {"offset": "off", "time_horizon": 100, "profiles": [{"x": 50, "g": "A"}]}
    found = local.run("cox", frames, asked, policy=EXACT)
    near = [frame.assign(off=frame["off"] - off) for frame in frames]
    assert estimates(found) == pytest.approx(
        estimates(local.run("cox", near, asked, policy=EXACT)), rel=1e-9
    )
    json.dumps(found, allow_nan=False)
    for curve in found["prediction"]:
        assert set(curve["survival"][1:]) == {1.0 if off > 0 else 0.0}
    policy = exact(allow_event_times=True)
    error = local.run("cox", frames, asked | {"baseline": "exact"}, policy=policy)["error"]
    assert (error["code"], error["sites"][0]["where"]) == ("NON_FINITE", ["offset"])
