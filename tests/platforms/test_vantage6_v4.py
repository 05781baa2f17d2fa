"""The 4.x platform: same digits as in one process, and clear ends to what goes wrong."""

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from vantage6.algorithm.tools.mock_client import MockAlgorithmClient

from helpers.client_and_wrapper import FakeClient, wrapper
from helpers.policies import EXACT, SHIPPED
from helpers.summary_cases import dataset, split
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_clinical.platforms.vantage6_v4 import ClientTransport
from v6_clinical.protocol import centre as federation
from v6_clinical.protocol.registry import load_central
from v6_clinical.version import __version__

entry = importlib.import_module("v6_summary.v4")
ARGUMENTS: dict[str, Any] = {"columns": ["age", "tsize", "tgrade"], "group_by": "horTh"}
CANARY = 737373.125


def sites() -> list[pd.DataFrame]:
    return split(dataset("gbsg2"), "three")


def run(fault: Any = None, policy: Policy | None = None, **more: Any) -> dict[str, Any]:
    client = FakeClient(sites(), policy or EXACT, fault)
    transport = ClientTransport(client, "summary_partial", poll_seconds=0.001, round_seconds=1.0)
    return federation.run(load_central("v6_summary"), ARGUMENTS | more, transport)


def question(step: str = "describe", **changes: Any) -> dict[str, Any]:
    arguments = {"names": ["age"], "group_by": None, "levels": {}, "collapse": {}}
    kwargs = {"version": __version__, "step": step, "arguments": arguments, "index": 0, "count": 3}
    return {"method": "summary_partial", "kwargs": kwargs | changes}


def test_the_entry_module_offers_two_callables() -> None:
    public = [name for name in vars(entry) if not name.startswith("_")]
    assert sorted(public) == ["summary", "summary_partial"]
    assert [n for n, v in vars(entry).items() if callable(v) and not n.startswith("__")] == public


def test_every_attribute_called_by_name_gives_no_data_A13() -> None:
    for name in dir(entry):
        if name in ("summary", "summary_partial", "__loader__", "__spec__"):
            continue
        attribute = getattr(entry, name)
        if callable(attribute):
            try:
                found = attribute()
            except TypeError:
                continue
            assert not isinstance(found, pd.DataFrame)


@pytest.mark.usefixtures("shipped_nodes")
def test_the_mock_client_gives_the_digits_of_the_local_platform() -> None:
    frames = sites()
    datasets = [[{"database": frame, "db_type": "csv"}] for frame in frames]
    client = MockAlgorithmClient(datasets, "v6_summary.v4", organization_ids=[1, 2, 3])
    found = entry.summary(mock_client=client, **ARGUMENTS)
    assert found == local.run("summary", frames, ARGUMENTS, policy=SHIPPED)
    assert found["status"] == "completed"
    json.dumps(found, allow_nan=False)


def test_a_stumbling_server_does_not_end_the_analysis_F06() -> None:
    found = run()
    assert found["status"] == "completed"
    expected = local.run("summary", sites(), ARGUMENTS, policy=EXACT)
    assert found["numeric"] == expected["numeric"]
    assert [site["organization_id"] for site in found["sites"]] == [10, 20, 30]


@pytest.mark.parametrize("status", ["failed", "crashed", "no docker image", "not allowed"])
def test_a_failed_site_is_named_F01(status: str) -> None:
    found = run(lambda site, message: status if site == 20 else None)
    assert found["status"] == "failed"
    assert found["error"]["code"] == "SITE_FAILED"
    assert "organisation 20" in found["error"]["message"]
    assert [s["organization_id"] for s in found["error"]["sites"]] == [20]


def test_a_silent_site_is_named_within_the_deadline_F03() -> None:
    found = run(lambda site, message: "active" if site == 30 else None)
    assert found["error"]["code"] == "SITE_TIMEOUT"
    assert "organisation 30" in found["error"]["message"]


def test_failure_in_a_later_round_F09() -> None:
    found = run(lambda site, m: "crashed" if site == 10 and m["step"] == "tabulate" else None)
    assert found["error"]["code"] == "SITE_FAILED"
    assert "numeric" not in found


BAD_ANSWERS: list[Any] = [
    None,
    {},
    [],
    "text",
    {"schema": "v6-clinical/0", "status": "ok", "n": 3, "sums": {"arrays": {}, "tallies": {}}},
    {"schema": "v6-clinical/1", "status": "ok", "n": "3", "sums": {"arrays": {}, "tallies": {}}},
    {"schema": "v6-clinical/1", "status": "ok", "n": 3, "sums": {"arrays": {"kinds": {}}}},
    {
        "schema": "v6-clinical/1",
        "status": "ok",
        "n": 3,
        "sums": {"arrays": {"kinds": {"shape": [9], "data": [1, 2]}}, "tallies": {}},
    },
    {"status": "refused", "code": "NOT_A_CODE", "where": []},
]


@pytest.mark.parametrize("bad", BAD_ANSWERS, ids=range(len(BAD_ANSWERS)))
def test_malformed_answers_are_never_summed_F04(bad: Any) -> None:
    found = run(lambda site, message: (bad,) if site == 20 else None)
    assert found["error"]["code"] == "BAD_ANSWER"
    assert "20" in found["error"]["message"]


def test_data_that_change_between_rounds_are_noticed_F08() -> None:
    def shrink(site: int, message: dict[str, Any]) -> Any:
        client.frames[0] = client.frames[0].iloc[:-1] if site == 30 else client.frames[0]

    client = FakeClient(sites(), EXACT, shrink)
    transport = ClientTransport(client, "summary_partial", poll_seconds=0.001, round_seconds=1.0)
    found = federation.run(load_central("v6_summary"), ARGUMENTS, transport)
    assert found["error"]["code"] == "DATA_CHANGED"


def small_site() -> list[pd.DataFrame]:
    frames = sites()
    return [*frames[:2], frames[2].iloc[:7]]


def test_a_refusing_site_is_named_with_its_code() -> None:
    found = local.run("summary", small_site(), ARGUMENTS, policy=EXACT)
    assert found["status"] == "refused"
    assert found["error"]["code"] == "MIN_ROWS"
    assert found["error"]["sites"][0]["organization_id"] == 3
    assert "numeric" not in found


def test_on_refusal_exclude_begins_again_without_the_site_F02() -> None:
    frames = small_site()
    found = local.run("summary", frames, ARGUMENTS | {"on_refusal": "exclude"}, policy=EXACT)
    expected = local.run("summary", frames[:2], ARGUMENTS, policy=EXACT)
    assert found["numeric"] == expected["numeric"]
    assert found["sites"][-1]["code"] == "MIN_ROWS"
    assert found["warnings"][-1]["code"] == "SITE_EXCLUDED"


def test_fewer_than_two_sites_never_remain_F10() -> None:
    frames = small_site()
    frames = [frames[0], frames[1].iloc[:7], frames[2]]
    found = local.run("summary", frames, ARGUMENTS | {"on_refusal": "exclude"})
    assert found["error"]["code"] == "TOO_FEW_SITES"
    found = local.run("summary", [frames[0], frames[0].iloc[:0]], ARGUMENTS)
    assert found["error"]["code"] == "TOO_FEW_SITES"


def test_a_site_without_rows_is_listed_and_warned_of() -> None:
    frames = [*sites(), sites()[0].iloc[:0]]
    found = local.run("summary", frames, ARGUMENTS)
    assert found["status"] == "completed"
    assert found["sites"][3]["status"] == "no_rows"
    assert any(warning["code"] == "NO_ROWS" for warning in found["warnings"])


def test_organizations_to_include() -> None:
    found = local.run("summary", sites(), ARGUMENTS | {"organizations_to_include": [3, 1]})
    assert [site["organization_id"] for site in found["sites"]] == [1, 3]
    found = local.run("summary", sites(), ARGUMENTS | {"organizations_to_include": [1, 9]})
    assert found["error"]["code"] == "BAD_REQUEST"
    assert "9" in found["error"]["message"]


def test_the_real_wrapper_answers_and_logs_one_line(tmp_path: Path) -> None:
    found, done = wrapper(tmp_path, sites()[0], question(), V6C_MIN_ROWS="12")
    assert done.returncode == 0
    assert found["status"] == "ok"
    assert found["n"] == 412
    assert sum("v6-clinical summary" in line for line in done.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"V6C_MIN_ROWS": "1"}, "BAD_SETTING"),
        ({"V6C_MIN_ROW": "10"}, "BAD_SETTING"),
        ({"V6C_ALLOWED_COLUMNS": ""}, "COLUMN_DENIED"),
        ({"V6C_ALLOWED_COLUMNS": "AGEGROUP"}, "COLUMN_DENIED"),
        ({"V6C_DENIED_COLUMNS": " age "}, "COLUMN_DENIED"),
        ({"DEFAULT_PREPROCESSING": '[{"function": "select_rows"}]'}, "PREPROCESSING"),
        ({"DEFAULT_QUERY": "select * from t where id = 7"}, "QUERY"),
        ({"USER_REQUESTED_DATABASE_LABELS": "default,other"}, "BAD_REQUEST"),
        ({"DEFAULT_DATABASE_URI": "nowhere.csv"}, "INTERNAL"),
    ],
)
def test_the_real_wrapper_refuses_as_data(
    tmp_path: Path, settings: dict[str, str], code: str
) -> None:
    found, done = wrapper(tmp_path, sites()[0], question(), **settings)
    assert done.returncode == 0
    assert found["status"] == "refused"
    assert found["code"] == code
    assert set(found) == {"schema", "status", "code", "where"}


def test_no_value_reaches_the_log_or_the_answer_A17(tmp_path: Path) -> None:
    frame = pd.DataFrame({"age": [f"12,{k}" for k in range(28)] + [str(CANARY), "secret-canary"]})
    for names in (["age"], ["age", "nothing"]):
        message = question()
        message["kwargs"]["arguments"]["names"] = names
        found, done = wrapper(tmp_path, frame, message)
        text = json.dumps(found) + done.stdout + done.stderr
        assert found["status"] == "refused"
        assert "canary" not in text
        assert "737373" not in text


def test_the_ledger_counts_what_the_messages_hold() -> None:
    sent: list[int] = []

    class Counting(FakeClient):
        def create(self, **arguments: Any) -> dict[str, Any]:
            task = super().create(**arguments)
            sums = self.tasks[-1][2]["sums"]
            numbers = sum(int(np.prod(a["shape"])) for a in sums["arrays"].values())
            sent.append(numbers + sum(len(t) for t in sums["tallies"].values()))
            return task

    client = Counting(sites(), Policy.open())
    transport = ClientTransport(client, "summary_partial", poll_seconds=0.001)
    found = federation.run(load_central("v6_summary"), ARGUMENTS, transport)
    rounds = [max(sent[i : i + 3]) for i in range(0, len(sent), 3)]
    assert [line["numbers_per_site"] for line in found["ledger"]] == rounds
