"""The analyst's layer over user clients of 4.x and 5.x: results, progress, stops, errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from helpers.face_examples import CASES, Case, without_origin
from helpers.user_clients import Client4, Client5, Server
from v6_clinical.analyst import AnalysisError, Federation, tasks
from v6_clinical.analyst.progress import Silent, State

CASE = CASES[0]


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "LEAST_POLL_SECONDS", 0.01)


@pytest.fixture(params=[4, 5])
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    kind, version = {4: (Client4, "4.15.2"), 5: (Client5, "5.0.3")}[request.param]
    server = Server(CASE.frames(), version)
    yield kind(server)
    server.close()


def federation(client: Any, **more: Any) -> Federation:
    data: dict[str, Any] = {"database": "default"}
    if isinstance(client, Client5):
        data = {"dataframe": 7, "session": 3}
    return Federation(
        client, **({"collaboration": 1, "progress": "silent", "poll_seconds": 0} | data | more)
    )


@pytest.mark.usefixtures("shipped_nodes")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
def test_the_digits_of_the_local_platform(client: Any, case: Case) -> None:
    found = federation(client).run(case.analysis, case.arguments)
    assert without_origin(found) == without_origin(case.reference())
    assert [site["name"] for site in found["sites"]] == ["Rotterdam", "Delft", "Leiden"]
    assert found["provenance"]["task_id"] == 1


def test_what_the_server_is_asked_for(client: Any) -> None:
    federation(client, organizations=["Leiden", 2]).summary(columns=["age"])
    given = client.server.tasks[1].given
    major = 4 if isinstance(client, Client4) else 5
    assert given["image"] == f"v6-summary:{major}"
    assert given["organizations"] == [2]  # the analyst's own adds the sums
    assert given["arguments"]["organizations_to_include"] == [3, 2]
    if major == 4:
        assert given["databases"] == [{"label": "default"}]
    else:
        assert given["databases"] == [{"type": "dataframe", "dataframe_id": 7}]
        assert given["session"] == 3


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"registry": "registry.example/"}, "registry.example/v6-cox:"),
        ({"image": "elsewhere/cox@sha256:0"}, "elsewhere/cox@sha256:0"),
        ({"image": {"cox": "mine:1"}}, "mine:1"),
    ],
)
def test_an_image_of_ones_own(client: Any, given: dict[str, Any], name: str) -> None:
    federation(client, **given).cox(time="time", event="cens", predictors=["age"])
    assert client.server.tasks[1].given["image"].startswith(name)


def test_the_registry_of_the_environment(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("V6_CLINICAL_REGISTRY", "registry.example/team")
    federation(client).summary(columns=["age"])
    assert client.server.tasks[1].given["image"].startswith("registry.example/team/v6-summary:")


def watched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str, int, int]]:
    """Return the list in which every state that is shown is kept."""
    seen: list[tuple[int, str, int, int]] = []

    def show(self: Silent, state: State) -> None:
        seen.append((state.round, state.step, state.answered, state.sites))

    monkeypatch.setattr(Silent, "show", show)
    return seen


def test_progress_tells_round_and_sites(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sites answer one by one, when they are let: each count is seen on the way."""
    seen = watched(monkeypatch)
    client.server.gate = gate = type(client.server.gate)(0)
    plain, let = client.task.get, set()

    def get(id_: int) -> Any:
        state = seen[-1]
        if state[0] and state[2] < 3 and state not in let:
            let.add(state)
            gate.release()
        return plain(id_)

    client.task.get = get
    federation(client).summary(columns=["age", "tgrade"])
    rounds = [state for state in dict.fromkeys(seen) if state[0]]
    for number, step in ((1, "describe"), (2, "tabulate")):
        for answered in (0, 1, 2):
            assert (number, step, answered, 3) in rounds
    assert rounds == sorted(rounds)


def test_without_the_right_to_see_sub_tasks(client: Any) -> None:
    """The server says no once, and is not asked again."""
    client.server.sub_tasks_visible = False
    client.server.gate = gate = type(client.server.gate)(0)
    plain = client.task.get

    def get(id_: int) -> Any:
        gate.release()
        return plain(id_)

    client.task.get = get
    assert federation(client).summary(columns=["age"])["numeric"]
    assert client.asked.count("task") == 1


def test_a_server_that_stumbles_is_asked_again(client: Any) -> None:
    client.server.hiccups = 3
    assert federation(client).summary(columns=["age"])["numeric"]


def test_a_server_that_stays_silent(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SILENCE_SECONDS", 0.05)
    client.server.hiccups = 10**9
    with pytest.raises(AnalysisError) as caught:
        federation(client).summary(columns=["age"])
    assert caught.value.code == "SERVER_SILENT"
    assert client.server.killed == []


def test_an_interrupt_stops_the_remote_task(client: Any) -> None:
    client.server.gate = type(client.server.gate)(0)
    plain, calls = client.task.get, list[int]()

    def get(id_: int) -> Any:
        calls.append(id_)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return plain(id_)

    client.task.get = get
    with pytest.raises(KeyboardInterrupt):
        federation(client).summary(columns=["age"])
    assert client.server.killed == [1]


def test_an_interrupt_stays_one_whatever_the_server_says(client: Any) -> None:
    def interrupt(id_: int) -> Any:
        raise KeyboardInterrupt

    def refuse(id_: int) -> Any:
        raise ConnectionError

    client.task.get, client.task.kill = interrupt, refuse
    with pytest.raises(KeyboardInterrupt):
        federation(client).summary(columns=["age"])


def test_an_organisation_of_one_call_must_be_known(client: Any) -> None:
    with pytest.raises(AnalysisError, match="Organisation 99") as caught:
        federation(client).summary(columns=["age"], organizations_to_include=[1, 99])
    assert caught.value.code == "NO_ORGANIZATIONS"


def test_a_task_that_takes_too_long_is_stopped(client: Any) -> None:
    client.server.gate = type(client.server.gate)(0)
    with pytest.raises(AnalysisError) as caught:
        federation(client, timeout=0.1).summary(columns=["age"])
    assert (caught.value.code, client.server.killed) == ("TIMEOUT", [1])


def test_a_refusal_is_an_exception(client: Any) -> None:
    with pytest.raises(AnalysisError) as caught:
        federation(client).summary(columns=["height"])
    error = caught.value
    assert error.code == "COLUMN_MISSING"
    assert [site["name"] for site in error.sites] == ["Rotterdam", "Delft", "Leiden"]
    assert "column names" in error.remedy
    assert error.result is not None
    assert error.result["status"] == "refused"
    for word in ("COLUMN_MISSING", "height", "Leiden", "Remedy"):
        assert word in str(error)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("crashed", "CENTRAL_FAILED"),
        ("not allowed", "NOT_ALLOWED"),
        ("non-existing Docker image", "IMAGE_MISSING"),
        ("killed by user", "STOPPED"),
    ],
)
def test_a_central_run_that_ends_badly(client: Any, end: str, code: str) -> None:
    client.server.central_end = end
    with pytest.raises(AnalysisError) as caught:
        federation(client).summary(columns=["age"])
    assert caught.value.code == code
    assert f"'{end}'" in caught.value.message
    assert caught.value.sites == [{"organization_id": 2, "name": "Delft", "code": end}]


def test_a_result_that_is_none_of_ours(client: Any) -> None:
    plain = client.result.from_task
    client.result.from_task = lambda task: {"data": [{"result": "{}"}]} if plain(task) else None
    with pytest.raises(AnalysisError) as caught:
        federation(client).summary(columns=["age"])
    assert caught.value.code == "NO_RESULT"


def test_a_node_that_is_offline_is_named_at_once(client: Any) -> None:
    client.server.offline = {3}
    with pytest.raises(AnalysisError, match=r"Leiden \(organisation 3\)") as caught:
        federation(client).summary(columns=["age"])
    assert caught.value.code == "NODE_OFFLINE"
    assert client.server.tasks == {}
    assert federation(client, organizations=[1, 2]).summary(columns=["age"])["numeric"]


def test_a_task_that_the_server_does_not_accept(client: Any) -> None:
    client.task.create = lambda **given: {"msg": "You lack the permission to create a task"}
    with pytest.raises(AnalysisError, match="lack the permission") as caught:
        federation(client).summary(columns=["age"])
    assert caught.value.code == "TASK_REFUSED"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"collaboration": 9}, "NO_ORGANIZATIONS"),
        ({"organizations": ["Utrecht"]}, "NO_ORGANIZATIONS"),
        ({"image": {"cox": "v6-cox:4"}}, "IMAGE_MISSING"),
    ],
)
def test_what_does_not_fit_is_named(client: Any, given: dict[str, Any], code: str) -> None:
    with pytest.raises(AnalysisError) as caught:
        federation(client, **given).summary(columns=["age"])
    assert caught.value.code == code


def test_a_client_of_another_major_than_the_server() -> None:
    with pytest.raises(AnalysisError, match=r"4\.x, the server says 5\.0\.3"):
        Federation(Client4(Server(CASE.frames(), "5.0.3")), collaboration=1)


def test_5x_needs_a_data_frame() -> None:
    with pytest.raises(AnalysisError, match="data frame"):
        Federation(Client5(Server(CASE.frames(), "5.0.3")), collaboration=1)
