"""Which value of a column is the event: the same fit however events are coded and stored."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.policies import EXACT
from v6_clinical.platforms import local

REQUEST: dict[str, Any] = {"time": "t", "predictors": ["x"], "time_horizon": 60}
TABLES = ("coefficients", "fit", "proportional_hazards", "prediction", "heterogeneity")
CODES = ["censored", "death", "transplant"]

# The column `status` holds 0, 1 and 2; as stored, and the value of the events that are 2.
STORED: dict[str, tuple[Any, Any]] = {
    "integers": (lambda s: s, 2),
    "numbers": (lambda s: s.astype(float), 2),
    "single precision": (lambda s: s.astype("float32"), "2"),
    "nullable": (lambda s: s.astype("Int64"), 2),
    "digits as text": (lambda s: s.astype(str), 2),
    "text": (lambda s: s.map(dict(enumerate(CODES))), "transplant"),
    "categories": (lambda s: s.map(dict(enumerate(CODES))).astype("category"), ["transplant"]),
    "1, 2 and 3": (lambda s: s + 1, [3]),
    "decimals": (lambda s: s / 2 + 0.1 * 3, 1.3),
    "two kinds, true and false": (lambda s: s == 2, True),
    "two kinds, 1 and 2": (lambda s: (s == 2) + 1, 2),
    "two kinds, yes and no": (lambda s: (s == 2).map({True: "yes", False: "no"}), "yes"),
}


def people(seed: int, n: int = 150) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    time = np.ceil(rng.exponential(20, n) * np.exp(-0.4 * x))
    return pd.DataFrame({"x": x, "t": time, "status": rng.choice([0, 1, 2], n)})


def tables(frames: list[pd.DataFrame], **more: Any) -> dict[str, Any]:
    found = local.run("cox", frames, REQUEST | more, policy=EXACT)
    assert found["status"] == "completed", found["error"]
    return {name: found[name] for name in TABLES}


def zeros_and_ones(values: list[int]) -> dict[str, Any]:
    frames = [people(k).assign(e=lambda f: f["status"].isin(values).astype(int)) for k in range(3)]
    return tables(frames, event="e")


@pytest.mark.parametrize("stored", STORED)
def test_any_coding_gives_the_fit_of_0_and_1(stored: str) -> None:
    store, value = STORED[stored]
    frames = [people(k).assign(e=lambda f: store(f["status"])) for k in range(3)]
    found = tables(frames, event="e", event_value=value)
    same_cells = {n: found[n] for n in TABLES if n != "prediction"}
    assert same_cells == {n: t for n, t in zeros_and_ones([2]).items() if n != "prediction"}


def test_sites_may_store_one_coding_in_different_types() -> None:
    stores = [STORED[name][0] for name in ("integers", "numbers", "digits as text")]
    frames = [people(k).assign(e=store(people(k)["status"])) for k, store in enumerate(stores)]
    assert tables(frames, event="e", event_value=2)["fit"] == zeros_and_ones([2])["fit"]


def test_any_of_a_list_is_the_event() -> None:
    frames = [people(k) for k in range(3)]
    found = tables(frames, event="status", event_value=[1, 2])
    assert found["coefficients"] == zeros_and_ones([1, 2])["coefficients"]
    assert tables(frames, event="status", event_value=[2, 9])["fit"] == zeros_and_ones([2])["fit"]


def test_a_site_without_the_value_has_no_events() -> None:
    frames = [people(k) for k in range(3)]
    frames[2].loc[frames[2]["status"] == 2, "status"] = 0
    plain = [frame.assign(e=(frame["status"] == 2).astype(int)) for frame in frames]
    assert tables(frames, event="status", event_value=2)["fit"] == tables(plain, event="e")["fit"]


def test_a_rare_value_may_be_censored_but_is_no_event() -> None:
    frames = [people(k) for k in range(3)]
    frames[2].loc[:2, "status"] = 7
    frames[2].loc[3:, "status"] = frames[2].loc[3:, "status"] % 7
    plain = [frame.assign(e=(frame["status"] == 2).astype(int)) for frame in frames]
    found = tables(frames, event="status", event_value=2)
    assert found["coefficients"] == tables(plain, event="e")["coefficients"]
    error = local.run(
        "cox", frames, REQUEST | {"event": "status", "event_value": [2, 7]}, policy=EXACT
    )["error"]
    assert (error["code"], error["sites"][0]["where"]) == ("RARE_LEVEL", ["status"])


@pytest.mark.parametrize(
    ("value", "store"),
    [
        (None, STORED["integers"][0]),  # 0, 1 and 2
        (None, STORED["two kinds, 1 and 2"][0]),
        (None, STORED["text"][0]),
        ("Transplant", STORED["text"][0]),  # spelt otherwise: not the same as no event
        (" transplant", STORED["text"][0]),
    ],
)
def test_what_leaves_a_doubt_is_refused_with_the_remedy(value: Any, store: Any) -> None:
    frames = [people(k).assign(e=store(people(k)["status"])) for k in range(3)]
    error = local.run("cox", frames, REQUEST | {"event": "e", "event_value": value})["error"]
    assert error["code"] == "BAD_EVENT"
    assert "event_value=" in error["remedy"]


def test_a_value_that_no_site_has_is_no_event() -> None:
    frames = [people(k) for k in range(3)]
    error = local.run("cox", frames, REQUEST | {"event": "status", "event_value": "died"})["error"]
    assert error["code"] == "BAD_EVENT"
    assert "event_value=" in error["remedy"]
