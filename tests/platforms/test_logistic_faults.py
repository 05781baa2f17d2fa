"""Sites that fail, lie, refuse or change in the middle of a logistic fit: a clear end each time."""

import json
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.client_and_wrapper import FakeClient
from helpers.policies import EXACT, exact
from v6_clinical.platforms.vantage6_v4 import ClientTransport
from v6_clinical.protocol import centre as federation
from v6_clinical.protocol.registry import load_central

ARGUMENTS: dict[str, Any] = {"outcome": "y", "predictors": ["age", "bmi"], "robust": "HC0"}
N = 90


def frame(k: int) -> pd.DataFrame:
    rng = np.random.default_rng(k)
    age, bmi = rng.normal(60, 10, N), rng.normal(27, 4, N)
    risk = 1 / (1 + np.exp(-(0.08 * (age - 60) - 0.1 * (bmi - 27))))
    return pd.DataFrame({"y": (rng.random(N) < risk).astype(int), "age": age, "bmi": bmi})


def run(
    fault: Any = None, frames: list[pd.DataFrame] | None = None, **more: Any
) -> tuple[dict[str, Any], FakeClient]:
    client = FakeClient(frames or [frame(k) for k in (1, 2, 3)], EXACT, fault, "v6_logistic")
    transport = ClientTransport(
        client, "logistic_regression_partial", poll_seconds=0.0005, round_seconds=2.0
    )
    found = federation.run(load_central("v6_logistic"), ARGUMENTS | more, transport)
    json.dumps(found, allow_nan=False)
    return found, client


def estimates(found: dict[str, Any]) -> Any:
    assert found["status"] == "completed", found["error"]
    rows = [[row["estimate"], row["robust_se"]] for row in found["coefficients"]]
    return pytest.approx(np.ravel(rows), rel=1e-6)


def refused(code: str, *where: str) -> list[Any]:
    return [{"schema": "v6-clinical/1", "status": "refused", "code": code, "where": list(where)}]


def ended(found: dict[str, Any], code: str, sites: list[int]) -> None:
    assert found["status"] in ("failed", "refused")
    assert found["error"]["code"] == code
    assert [site["organization_id"] for site in found["error"]["sites"]] == sites
    assert not {"coefficients", "fit", "covariance"} & set(found)
    assert found["ledger"]


def last(message: dict[str, Any]) -> bool:
    return message["step"] == "evaluate" and message["arguments"]["report"] is not None


def test_a_site_fails_in_the_last_round_only_F09() -> None:
    found, _ = run(lambda site, m: "crashed" if site == 20 and last(m) else None)
    ended(found, "SITE_FAILED", [20])
    assert len(found["ledger"]) >= 3
    found, _ = run(lambda site, m: refused("MIN_ROWS") if site == 20 and last(m) else None)
    ended(found, "MIN_ROWS", [20])


def test_a_site_is_silent_in_the_last_round_F03() -> None:
    found, _ = run(lambda site, m: "active" if site == 30 and last(m) else None)
    ended(found, "SITE_TIMEOUT", [30])


def test_a_server_that_stumbles_gives_the_same_digits_F06() -> None:
    plain, _ = run()
    assert plain["status"] == "completed"
    again, client = run(on_refusal="exclude")
    assert again["coefficients"] == plain["coefficients"]
    assert client.requests > 10


def answered(client_frames: list[pd.DataFrame], site: int, message: dict[str, Any]) -> Any:
    """Return the honest answer of a site, to be spoilt."""
    from v6_clinical.protocol.registry import load_site
    from v6_clinical.protocol.site import answer

    honest = answer(
        load_site("v6_logistic"), message, exact, lambda _: client_frames[site // 10 - 1]
    )
    return json.loads(json.dumps(honest))


def spoil(change: Any, step: str) -> Any:
    frames = [frame(k) for k in (1, 2, 3)]

    def fault(site: int, message: dict[str, Any]) -> Any:
        if site != 20 or message["step"] != step:
            return None
        found = answered(frames, site, message)
        replaced = change(found)
        return [found if replaced is None else replaced]

    return fault


def _resize(name: str) -> Any:
    def change(found: dict[str, Any]) -> None:
        entry = found["sums"]["arrays"][name]
        entry["data"], entry["shape"] = entry["data"] + [1], [len(entry["data"]) + 1]

    return change


def _cut_form(name: str) -> Any:
    def change(found: dict[str, Any]) -> None:
        found["sums"]["forms"][name]["half"].pop()

    return change


def _put(value: Any, *path: str) -> Any:
    def change(found: dict[str, Any]) -> None:
        target = found
        for part in path[:-1]:
            target = target[part]
        target[path[-1]] = value

    return change


CHANGES: list[tuple[str, Any]] = [
    ("start", _put("v6-clinical/0", "schema")),
    ("start", _put("fine", "status")),
    ("start", _put("90", "n")),
    ("start", _put(-1, "dropped")),
    ("start", _put({}, "sums")),
    ("start", _put(None, "sums", "arrays")),
    ("start", _put({"shape": [5], "data": [1, 2]}, "sums", "arrays", "rows")),
    ("start", _put({"shape": [-1], "data": [1]}, "sums", "arrays", "rows")),
    ("start", _put("NaN", "sums", "tallies", "right_hand_side", "age")),
    ("start", _put(None, "sums", "tallies", "right_hand_side")),
    ("start", _resize("rows")),
    ("start", _cut_form("information")),
    ("evaluate", _resize("likelihood")),
    ("evaluate", _resize("rows")),
    ("evaluate", _cut_form("information")),
    ("evaluate", _put(True, "sums", "tallies", "score", "age")),
    ("evaluate", lambda found: {}),
    ("evaluate", lambda found: []),
    ("evaluate", lambda found: "text"),
    ("evaluate", lambda found: {"status": "refused", "code": "NO_SUCH_CODE"}),
    ("evaluate", lambda found: found | {"sums": found["sums"] | {"more": 1}}),
]


@pytest.mark.parametrize(("step", "change"), CHANGES, ids=range(len(CHANGES)))
def test_malformed_answers_are_never_summed_F04(step: str, change: Any) -> None:
    found, _ = run(spoil(change, step))
    assert found["status"] == "failed"
    assert found["error"]["code"] == "BAD_ANSWER"
    assert "coefficients" not in found


LEFT_OUT = [
    ("start", "arrays", "rows"),
    ("start", "tallies", "right_hand_side"),
    ("start", "forms", "information"),
    ("start", "tallies", "column_sum"),
    ("evaluate", "arrays", "rows"),
    ("evaluate", "arrays", "likelihood"),
    ("evaluate", "tallies", "score"),
    ("evaluate", "forms", "information"),
    ("evaluate", "forms", "meat"),
    ("evaluate", "arrays", "brier"),
    ("evaluate", "arrays", "pairs"),
]


@pytest.mark.parametrize(("step", "kind", "name"), LEFT_OUT, ids="-".join)
def test_answers_that_lack_a_part_are_not_taken_for_zero_F04(
    step: str, kind: str, name: str
) -> None:
    """The sum of the others must never be taken for that of all."""
    plain, _ = run()

    def drop(found: dict[str, Any]) -> None:
        found["sums"][kind].pop(name, None)

    found, _ = run(spoil(drop, step))
    if found["status"] == "completed":  # only where the fit does not rest on it
        assert found["coefficients"] == plain["coefficients"]
        assert found["fit"] == plain["fit"]
    else:
        assert found["error"]["code"] in ("BAD_ANSWER", "DATA_CHANGED", "NOT_CONVERGED")


def far_from(message: dict[str, Any], limit: float) -> bool:
    return message["step"] == "evaluate" and abs(message["arguments"]["slopes"][0]) > limit


def test_a_refused_step_is_halved_and_the_fit_converges() -> None:
    plain, _ = run()
    seen: Counter[int] = Counter()

    def once(site: int, message: dict[str, Any]) -> Any:
        if site == 20 and message["step"] == "evaluate":
            seen[site] += 1
            if seen[site] in (1, 2, 4):
                return refused("COEFFICIENT_RANGE")
        return None

    found, _ = run(once)
    rows = [[row["estimate"], row["robust_se"]] for row in found["coefficients"]]
    assert np.ravel(rows) == estimates(plain)
    assert len(found["ledger"]) > len(plain["ledger"])
    assert found["fit"][0]["rounds"] == len(found["ledger"])


@pytest.mark.parametrize("sites", [{20}, {10, 20, 30}])
@pytest.mark.parametrize("begin", [1, 2, 3])
def test_steps_that_are_always_refused_end_F10(sites: set[int], begin: int) -> None:
    """After three halvings an error that names the sites, not a loop."""
    rounds: Counter[int] = Counter()

    def fault(site: int, message: dict[str, Any]) -> Any:
        if message["step"] != "evaluate":
            return None
        rounds[site] += 1
        return refused("COEFFICIENT_RANGE") if site in sites and rounds[site] >= begin else None

    found, client = run(fault)
    ended(found, "COEFFICIENT_RANGE", sorted(sites))
    assert len(client.tasks) <= 3 * (begin + 6)


def test_refusals_that_come_and_go_end_F10() -> None:
    """A site that answers every fifth time: rounds are counted, whatever it says."""
    count: Counter[int] = Counter()

    def fault(site: int, message: dict[str, Any]) -> Any:
        if site != 20 or message["step"] != "evaluate":
            return None
        count[site] += 1
        return None if count[site] % 5 == 0 else refused("COEFFICIENT_RANGE")

    found, _ = run(fault, max_rounds=12)
    assert found["status"] in ("completed", "failed", "refused")
    assert len(found["ledger"]) <= 2 * 12
    if found["status"] == "completed":
        plain, _ = run()
        rows = [[row["estimate"], row["robust_se"]] for row in found["coefficients"]]
        assert np.ravel(rows) == estimates(plain)


@pytest.mark.parametrize("when", ["start", "evaluate", "last"])
def test_exclude_begins_again_without_the_site_F02(when: str) -> None:
    def fault(site: int, message: dict[str, Any]) -> Any:
        now = last(message) if when == "last" else message["step"] == when
        return refused("FEW_INCOMPLETE", "age") if site == 20 and now else None

    found, _ = run(fault, on_refusal="exclude")
    alone, _ = run(frames=[frame(1), frame(3)])
    assert [row["estimate"] for row in found["coefficients"]] == [
        row["estimate"] for row in alone["coefficients"]
    ]
    assert found["sites"][-1] == {
        "organization_id": 20,
        "status": "refused",
        "n": None,
        "code": "FEW_INCOMPLETE",
    }
    assert "SITE_EXCLUDED" in [warning["code"] for warning in found["warnings"]]
    assert found["fit"][0]["n"] == 2 * N


def test_exclude_leaves_out_a_site_whose_steps_are_always_refused_F02() -> None:
    def fault(site: int, message: dict[str, Any]) -> Any:
        return (
            refused("COEFFICIENT_RANGE") if site == 30 and message["step"] == "evaluate" else None
        )

    found, _ = run(fault, on_refusal="exclude")
    assert found["status"] == "completed"
    assert [s["organization_id"] for s in found["sites"] if s["status"] == "refused"] == [30]


def test_exclude_keeps_a_site_that_only_refused_a_step_F02() -> None:
    """One site refuses the step, another refuses for good: only the latter is left out."""

    def fault(site: int, message: dict[str, Any]) -> Any:
        if message["step"] != "evaluate" or message["count"] < 3:
            return None
        return {20: refused("FEW_INCOMPLETE", "age"), 30: refused("COEFFICIENT_RANGE")}.get(site)

    found, _ = run(fault, on_refusal="exclude")
    assert found["status"] == "completed"
    assert [s["organization_id"] for s in found["sites"] if s["status"] == "refused"] == [20]


def test_exclude_ends_where_too_few_are_left_F02() -> None:
    found, _ = run(lambda site, m: refused("MIN_ROWS") if site > 10 else None, on_refusal="exclude")
    ended(found, "TOO_FEW_SITES", [20, 30])


def test_data_changed_between_rounds_F08() -> None:
    """With the same number of rows: noticed by the events."""
    frames = [frame(k) for k in (1, 2, 3)]

    def fault(site: int, message: dict[str, Any]) -> Any:
        if site == 20 and message["step"] == "evaluate":
            frames[1].loc[frames[1].index[frames[1]["y"] == 0][0], "y"] = 1
            return [answered(frames, site, message)]
        return None

    found, _ = run(fault, frames)
    ended(found, "DATA_CHANGED", [])


def test_fewer_rows_in_a_later_round_F08() -> None:
    frames = [frame(k) for k in (1, 2, 3)]

    def fault(site: int, message: dict[str, Any]) -> Any:
        shorter = [f.iloc[1:] if k == 1 else f for k, f in enumerate(frames)]
        late = site == 20 and message["step"] == "evaluate"
        return [answered(shorter, site, message)] if late else None

    found, _ = run(fault, frames)
    ended(found, "DATA_CHANGED", [20])
