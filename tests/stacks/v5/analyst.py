"""The analyst's side, in a container with the stock client of vantage6 5.x.

Usage: analyst.py TASK.json RESULT.json. TASK has server (hq, keycloak, found: the file of
found.py), private_key, image, method, kwargs, action, database and organization (index). Each
database's data frame is made once, by read_csv.
"""

import json
import sys
import time
from pathlib import Path

from vantage6.client import UserClient


def connect(given):
    """Return a client that is logged in and can encrypt."""
    server = given["server"]
    client = UserClient(server["hq"], server["keycloak"], log_level="warn")
    token = client.kc_openid.token("analyst", "Passw0rd!23")
    client._finalize_successful_authentication(token)
    client._access_token = token["access_token"]
    client.setup_encryption(given["private_key"])
    client.setup_collaboration(founded(given)["collaboration"])
    return client


def founded(given):
    """Return what found.py founded: organizations, collaboration, nodes."""
    return json.loads(Path(given["server"]["found"]).read_text())


def online(client):
    deadline = time.time() + 120
    while time.time() < deadline:
        if all(node["status"] == "online" for node in client.node.list()["data"]):
            return
        time.sleep(0.5)


def session(client, given):
    """Return the ids of a session and its data frame, made of each site's database."""
    label, image = given["database"], given["image"]
    kept = Path(given["server"]["found"]).with_name(f"session-{label}.json")
    if kept.exists():
        return json.loads(kept.read_text())
    online(client)
    began = time.time()
    made = client.session.create(scope="collaboration", name=label)["id"]
    frame = client.dataframe.create(
        label=label, image=image, method="read_csv", arguments={}, session=made, name=label
    )
    while not client.dataframe.get(frame["id"]).get("ready") and time.time() < began + 200:
        time.sleep(0.3)
    ids = {"session": made, "frame": frame["id"], "seconds": time.time() - began}
    kept.write_text(json.dumps(ids))
    return ids


def place(client, given):
    """Return where the analyst's layer finds the data: arguments of its ``Federation``."""
    ids = session(client, given)
    return {"dataframe": ids["frame"], "session": ids["session"]}


def main(task_file, result_file):
    given = json.loads(Path(task_file).read_text())
    client, found = connect(given), founded(given)
    ids = session(client, given)
    began = time.time()
    task = client.task.create(
        organizations=[found["organizations"][given["organization"]]],
        name=given["method"],
        image=given["image"],
        method=given["method"],
        description="",
        arguments=given["kwargs"],
        session=ids["session"],
        databases=[{"type": "dataframe", "dataframe_id": ids["frame"]}],
        action=given["action"],
    )

    def status():
        return client.request(f"task/{task['id']}/status")["status"]

    while status() not in ("completed", "failed") and time.time() < began + 280:
        time.sleep(0.2)
    seconds = time.time() - began
    results = client.result.from_task(task["id"])["data"]
    runs = client.run.from_task(task["id"])["data"]
    children = client.task.list(parent=task["id"])["data"]
    keys = ("id", "started_at", "finished_at", "status", "log")
    inner = [r for c in children for r in client.run.from_task(c["id"])["data"]]
    report = {
        "status": runs[0]["status"],
        "seconds": seconds,
        "extraction": ids["seconds"],
        "organizations": found["organizations"],
        "result": decoded(results[0].get("result")) if results else None,
        "log": "\n".join(str(run.get("log")) for run in runs),
        "runs": [{key: run[key] for key in keys} for run in inner],
    }
    Path(result_file).write_text(json.dumps(report))


def decoded(result):
    return json.loads(result) if isinstance(result, str) and result else result


if __name__ == "__main__":
    main(*sys.argv[1:])
