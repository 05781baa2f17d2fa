"""Cox regression over sites that blur: all that leaves has noise, as near as is declared."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.blurred import FLOOR, TAU, Message, Sites, numbers, policy, reply
from helpers.policies import EXACT, exact
from helpers.three_sites import good
from v6_clinical.disclosure import Policy
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol import centre
from v6_clinical.protocol.registry import load_central, load_site
from v6_cox.kernel.concordance import pairs_of_rows
from v6_cox.kernel.sorted_data import prepare

REQUEST: dict[str, Any] = {"time": "t", "event": "y", "predictors": ["age", "bmi", "stage"]}
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "strata": {"strata": ["s"]},
    "entry": {"entry": "b"},
    "weights": {"weights": "w"},
    "clusters": {"cluster": "c"},
    "offset": {"offset": "o", "zph_transform": "km", "ties": "breslow"},
    "curves": {"time_horizon": 150, "zph_transform": "log"},
    "exact": {"baseline": "exact", "robust": True, "time_horizon": 150},
}
EVERY = pytest.mark.parametrize("variant", VARIANTS)
OWN = pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "exact"])


def rows(k: int) -> pd.DataFrame:
    """Return the rows of site k, twice as many as elsewhere."""
    rng, frame = np.random.default_rng(k + 50), pd.concat([good(k), good(k + 10)])
    frame = frame.reset_index(drop=True).assign(s=rng.choice(["u", "v"], 2 * len(good(k))))
    return frame.assign(b=np.floor(frame["t"] * rng.uniform(0, 0.8, len(frame))))


def limits(secret: int | None) -> Policy:
    """Return those of a site that lets event times leave; exact sums without a secret."""
    if secret is None:
        return exact(allow_event_times=True)
    found = policy(secret)
    return Policy(blur=TAU, blur_rows=FLOOR, secret=found.secret, allow_event_times=True)


def fit(variant: str, secret: int | None, sites: int = 3) -> tuple[dict[str, Any], Sites]:
    """Return a result, and the sites that have answered."""
    asked = Sites("cox", {k: rows(k) for k in range(1, sites + 1)}, limits(secret))
    request = REQUEST | VARIANTS[variant]
    found = centre.run(load_central("cox"), request, asked, minimum_sites=1)
    assert found["status"] == "completed", found["error"]
    return found, asked


@cache
def questions(variant: str) -> tuple[Message, ...]:
    """Return what the first of three sites is asked."""
    return tuple(fit(variant, 1)[1].asked[1])


def last(variant: str) -> Message:
    """Return the question that asks for a report."""
    return questions(variant)[-1]


@EVERY
def test_every_number_that_is_not_declared_exact_has_noise(variant: str) -> None:
    kept, seen = load_site("v6_cox").exact, set()
    for message in questions(variant):
        told = [reply("cox", message, rows(1), limits(secret)) for secret in (None, 1, 2, 3)]
        ours, *drawn = map(numbers, told)
        assert all(ours.keys() == theirs.keys() for theirs in drawn)
        for name, value in ours.items():
            parts = name.replace("[", " ").split(" ")[0].split("/")
            first = parts[2] if parts[0] == "site" else parts[0]
            seen.add(first)
            if first in kept:
                assert {theirs[name] for theirs in drawn} == {value}, name
            elif first != "curves" and value != 0:
                assert {theirs[name] for theirs in drawn} != {value}, name
    assert ("risk_sums" in seen) == (variant == "exact")
    assert {"pairs", "information", "own_weight"} <= seen


@EVERY
def test_the_same_question_has_the_same_bits(variant: str) -> None:
    """With the site's secret: run twice, and whoever else takes part."""
    one, two = (fit(variant, 3)[0] for _ in range(2))
    assert one["coefficients"] == two["coefficients"]
    assert one["proportional_hazards"] == two["proportional_hazards"]
    assert one["baseline_hazard"] == two["baseline_hazard"]
    assert one["fit"] == two["fit"]


def declared(sites: Sites, name: str) -> Array:
    """Return the largest d and e that sites tell of a name."""
    found = [
        told["sums"]["noise"][name]
        for k in sites.frames
        for m in sites.asked[k]
        for told in [reply("cox", m, sites.frames[k], sites.policy)]
        if name in told["sums"].get("noise", {})
    ]
    return np.array(found).max(axis=0)


@OWN
@pytest.mark.parametrize("sites", [1, 3])
def test_estimates_and_hazards_tests_are_as_near_as_is_declared(variant: str, sites: int) -> None:
    """Six declared standard deviations, each term by itself."""
    plain, worst = fit(variant, None, sites)[0], 0.0
    for secret in range(2):
        found, asked = fit(variant, secret, sites)
        (d, own), (h, e) = (
            declared(asked, name) for name in ("information", "hazards_information")
        )
        for one, other in zip(plain["coefficients"], found["coefficients"], strict=True):
            off = abs(one["estimate"] - other["estimate"]) / one["std_error"]
            worst = max(worst, off / d)
            assert off < 6 * d
            ratio = (other["std_error"] / one["std_error"]) ** 2  # of variances, with d^2 of noise
            assert ratio < (1 + d**2) / max(1 - 7 * own, 0.1)
            assert 1 / ratio < 1 + 7 * own
        pairs = zip(plain["proportional_hazards"], found["proportional_hazards"], strict=True)
        for one, other in pairs:
            root, theirs = one["statistic"] ** 0.5, other["statistic"] ** 0.5
            assert abs(root - theirs) < 6 * h * one["df"] ** 0.5 + 6 * e * root
    assert worst > 0.01


@pytest.mark.parametrize("variant", ["plain", "strata", "entry", "weights", "clusters"])
def test_concordance_is_near_the_exact_one(variant: str) -> None:
    """Six standard deviations of noise that hides a patient's pairs, at one set of slopes."""
    message = last(variant)
    frame = rows(1)
    order = prepare(
        frame["t"].to_numpy(),
        frame["y"].to_numpy() == 1,
        np.zeros((len(frame), 1)),
        frame["b"].to_numpy() if variant == "entry" else None,
        pd.factorize(frame["s"])[0] if variant == "strata" else None,
        frame["w"].to_numpy() if variant == "weights" else None,
    )
    each = pairs_of_rows(order)
    if variant == "clusters":
        each = np.bincount(frame["c"].to_numpy()[order.order], each)
    sd = max(TAU * np.linalg.norm(each), FLOOR * each.max())
    pairs = [
        np.array(reply("cox", message, frame, limits(s))["sums"]["arrays"]["pairs"]["data"])
        for s in (None, *range(5))
    ]
    off = np.abs(np.array(pairs[1:]) - pairs[0]) / sd
    assert off.max() < 6
    assert off.max() > 0.03


def curve(message: Message, secret: int | None, frame: pd.DataFrame | None = None) -> Array:
    """Return shown, hazard and remaining rows of the site's curve, shape (strata, 3, times)."""
    rows_of = rows(1) if frame is None else frame
    sums = reply("cox", message, rows_of, limits(secret))["sums"]
    part = sums["arrays"]["site/0/curves"]
    return np.array(part["data"]).reshape(part["shape"])


def test_hazards_have_three_digits_and_their_noise_is_of_cells() -> None:
    """Counts are exact; what a cell adds is off by six deviations of a patient's part at most."""
    message = last("curves")
    plain = curve(message, None)
    shown = plain[0, 0] > 0
    assert shown.sum() >= 4
    frame, times = rows(1), 5.0 * np.arange(1, plain.shape[2] + 1)
    assert len(times) == 30
    points = times[shown]
    deaths = np.histogram(frame["t"][frame["y"] == 1], np.append(-np.inf, points + 1e-9))[0]
    added = np.diff(plain[0, 1, shown], prepend=0.0)
    # the part of one of m deaths that are about alike is 1 / m; of unlike ones rather more
    sd = added * np.maximum(TAU, 1.5 * FLOOR / np.maximum(deaths, 1)) * (deaths > 0)
    for secret in range(4):
        found = curve(message, secret)
        assert (found[:, [0, 2]] == plain[:, [0, 2]]).all()
        hazard = found[0, 1, shown]
        assert [float(f"{h:.3g}") for h in hazard] == hazard.tolist()
        assert (np.diff(hazard) >= 0).all()
        off = np.abs(hazard - plain[0, 1, shown])
        assert (off < 6 * np.sqrt(np.cumsum(sd**2)) + 0.006 * hazard).all()
        assert off.max() > 0


def at(message: Message, **more: Any) -> Message:
    return message | {"arguments": message["arguments"] | more}


def test_a_cell_has_one_noise_on_every_grid_and_at_every_covariate() -> None:
    """Horizons and shifts draw nothing new: only three digits hide the same number again."""
    message = last("curves")
    report = message["arguments"]["report"]
    shorter = at(message, report=report | {"grid": report["grid"] | {"count": 20}})
    long, short = curve(message, 1), curve(shorter, 1)
    assert (long[:, :, :20] == short).all()
    shift = [value + 0.01 for value in message["arguments"]["shift"]]
    moved = curve(at(message, shift=shift), 1)
    ratio = moved[0, 1][long[0, 1] > 0] / long[0, 1][long[0, 1] > 0]
    assert ratio.max() - ratio.min() < 0.021  # half of a third digit, in both
    ours, theirs = (
        numbers(reply("cox", m, rows(1), limits(1))) for m in (message, at(message, shift=shift))
    )
    for name in ours:
        if not name.startswith("site/"):
            assert ours[name] == theirs[name]


@pytest.mark.parametrize("sites", [1, 3])
def test_a_common_baseline_is_exact_and_says_so(sites: int) -> None:
    plain, found = (fit("exact", secret, sites)[0] for secret in (None, 1))
    for table in ("coefficients", "proportional_hazards"):
        for one, other in zip(plain[table], found[table], strict=True):
            for name, value in one.items():
                expected = pytest.approx(value, rel=1e-6) if isinstance(value, float) else value
                assert other[name] == expected
    assert found["fit"][0]["concordance"] != plain["fit"][0]["concordance"]
    (told,) = [w for w in found["warnings"] if w["code"] == "EVENT_TIMES_SENT"]
    assert "exact" in told["message"]


def test_ties_are_part_of_what_a_draw_is_keyed_by() -> None:
    """Breslow's and Efron's sums differ by the patients who die together: not under one noise."""
    message = questions("plain")[0]
    survival = message["arguments"]["survival"]
    other = at(message, survival=survival | {"ties": "breslow"})
    draws = np.array(
        [
            [
                numbers(reply("cox", m, rows(1), limits(s)))["null_score age"]
                - numbers(reply("cox", m, rows(1), EXACT))["null_score age"]
                for m in (message, other)
            ]
            for s in range(25)
        ]
    )
    assert abs(np.corrcoef(draws.T)[0, 1]) < 0.9


@pytest.mark.parametrize("secret", [None, 1, 2])
def test_a_column_that_no_site_compares_is_named_or_shrunk_to_nothing(secret: int | None) -> None:
    """Noise makes no information of what rounding leaves of a column that is constant at a site."""
    frames = {k: rows(k).assign(kind=1e4 * k + 3) for k in (1, 2, 3)}
    request = REQUEST | {"predictors": ["age", "kind"]}
    failed = centre.run(load_central("cox"), request, Sites("cox", frames, limits(secret)))
    assert failed["error"]["code"] == "SINGULAR"
    assert failed["error"]["message"].startswith("kind does not vary")
    found = Sites("cox", frames, limits(secret)).run(request | {"ridge": 1.0})
    age, kind = found["coefficients"]
    assert kind["estimate"] == 0
    assert abs(age["estimate"]) > age["std_error"]
    assert found["fit"][0]["rounds"] <= 5
