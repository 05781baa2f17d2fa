"""The analyst's side, in a container with the stock client of vantage6 4.x.

Usage: analyst.py TASK.json RESULT.json. TASK has server (host, port), private_key, image, method,
kwargs, database, organization (index), nodes (how many must be online); it may have patience
(seconds to wait for the end).
"""

import json
import sys
import time

from vantage6.client import Client


def connect(given: dict) -> Client:  # type: ignore[type-arg]
    """Return a client that is logged in and can encrypt."""
    client = Client(given["server"]["host"], given["server"]["port"], "/api", log_level="warn")
    client.authenticate("dev_admin", "password")
    client.setup_encryption(given["private_key"])
    return client


def place(client: Client, given: dict) -> dict:  # type: ignore[type-arg]
    """Return where the analyst's layer finds the data: arguments of its ``Federation``."""
    collaboration = client.collaboration.list()["data"][0]["id"]
    return {"collaboration": collaboration, "database": given["database"]}


def main(task_file: str, result_file: str) -> None:
    with open(task_file) as file:
        given = json.load(file)
    client = connect(given)
    collaboration = client.collaboration.list()["data"][0]["id"]
    listed = client.organization.list()["data"]
    organizations = sorted(o["id"] for o in listed if o["name"].startswith("org_"))
    deadline = time.time() + 120
    while time.time() < deadline:
        nodes = client.node.list()["data"]
        if sum(node["status"] == "online" for node in nodes) >= given["nodes"]:
            break
        time.sleep(0.5)
    began = time.time()
    deadline = began + given.get("patience", 280)
    task = client.task.create(
        collaboration=collaboration,
        organizations=[organizations[given["organization"]]],
        name=given["method"],
        image=given["image"],
        description="",
        input_={"method": given["method"], "kwargs": given["kwargs"]},
        databases=[{"label": given["database"]}],
    )
    waiting = ("pending", "initializing", "active", "started", "awaiting")
    while client.task.get(task["id"])["status"] in waiting and time.time() < deadline:
        time.sleep(0.2)
    seconds = time.time() - began
    runs = client.run.from_task(task["id"])["data"]
    results = client.result.from_task(task["id"])["data"]
    children = client.task.list(parent=task["id"], per_page=200)["data"]
    report = {
        "status": client.task.get(task["id"])["status"],
        "created": began,
        "seconds": seconds,
        "organizations": organizations,
        "result": _decoded(results[0].get("result")) if results else None,
        "central": [_times(run) for run in runs],
        "log": "\n".join(str(run.get("log")) for run in runs),
        "runs": [
            {**_times(run), "asked_at": child["created_at"]}
            for child in children
            for run in client.run.from_task(child["id"])["data"]
        ],
    }
    with open(result_file, "w") as file:
        json.dump(report, file)


def _decoded(result):  # type: ignore[no-untyped-def]
    return json.loads(result) if isinstance(result, str) and result else result


def _times(run):  # type: ignore[no-untyped-def]
    return {name: run[name] for name in ("id", "started_at", "finished_at", "status", "log")}


if __name__ == "__main__":
    main(*sys.argv[1:])
