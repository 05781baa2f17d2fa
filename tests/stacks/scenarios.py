"""What both stacks are put through, and what their answers must be."""

from __future__ import annotations

import base64
import os
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from helpers.face_examples import CASES, Case, record, worst
from helpers.policies import SHIPPED_SETTINGS
from stacks import seconds
from stacks.engine import docker, publish, registry

# Excluded from the comparison with the platform ``local``: ids of organisations differ.
IDS = ("sites", "request")
DENIED = "estrec"  # a column that the third node's operator denies
COMMON = {"V6C_MIN_ROWS": "12", **SHIPPED_SETTINGS}
SETTINGS: list[dict[str, str]] = [
    {**COMMON, "V6C_ROUND_TIMEOUT": os.environ.get("STACKS_ROUND_TIMEOUT", "45")},
    COMMON,
    {**COMMON, "V6C_DENIED_COLUMNS": DENIED},
]

LAYER = Path(__file__).with_name("layer.py")
UNLISTED = "the same image under a name that no node allows"


def push(cleanup: ExitStack, folder: Path, images: dict[str, str]) -> dict[str, str]:
    """Push the images to a registry; return package -> name@digest."""
    address = registry(cleanup, folder)
    docker("tag", next(iter(images.values())), "v6-unlisted:1")
    cleanup.callback(docker, "rmi", "v6-unlisted:1")
    found = {package: publish(name, address) for package, name in images.items()}
    found |= {UNLISTED: publish("v6-unlisted:1", address)}
    for name in found.values():  # what the nodes pull
        cleanup.callback(docker, "rmi", name, check=False)
    return found


def allowed(names: dict[str, str]) -> list[str]:
    """Return the images that the nodes' operators allow."""
    return [name for package, name in names.items() if package != UNLISTED]


def task(case: Case, names: dict[str, str]) -> dict[str, Any]:
    """Return what an analyst asks for."""
    return {
        "image": names[case.package],
        "method": case.method,
        "kwargs": dict(case.arguments),
        "database": case.data,
    }


def small_task(names: dict[str, str], given: dict[str, Any]) -> dict[str, Any]:
    """Return a task for the first case's image and data."""
    return {"image": names[CASES[0].package], "database": CASES[0].data, **given}


def layer_task(names: dict[str, str]) -> dict[str, Any]:
    """Return what ``layer.py`` is to do: every case, a refusal, and an interrupt."""
    return {
        "image": names[CASES[0].package],
        "database": CASES[0].data,
        "place": {"image": {case.analysis: names[case.package] for case in CASES}},
        "cases": [[case.analysis, dict(case.arguments)] for case in CASES],
        "refused": {"columns": ["age", DENIED]},
    }


def check_result(case: Case, report: dict[str, Any], platform: str) -> None:
    """Compare with the platform ``local`` on the same frames, and print the seconds."""
    found, expected = report["result"], case.reference()
    assert report["status"] == "completed", report
    assert found["status"] == "completed", found["error"]
    assert [site["n"] for site in found["sites"]] == [site["n"] for site in expected["sites"]]
    kept = [name for name in expected if name not in IDS]
    ours, theirs = ({n: without_ids(r[n]) for n in kept} for r in (found, expected))
    difference = worst(ours, theirs)
    print(
        f"\n{case.analysis} on {platform}: {difference:.1e} from local; "
        f"{report['seconds']:.1f} s from task to result, {len(found['ledger'])} rounds\n"
        f"{seconds.table(report['runs'], len(found['sites']))}"
    )
    record(case, platform, difference)
    assert difference < 1e-8


def without_ids(value: Any) -> Any:
    """Leave out the ids of organisations, which a stack numbers in its own way."""
    if isinstance(value, dict):
        return {k: without_ids(v) for k, v in value.items() if k != "organization_id"}
    return [without_ids(part) for part in value] if isinstance(value, list) else value


def check_encrypted(database: Path, column: str) -> None:
    """Read the server's own database: every task's input and every result is a cipher text.

    That is a key and an initial vector, in base64 between dollars, and a body without meaning.
    """
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("select * from run").fetchall()
    texts = [row[name] for row in rows for name in (column, "result") if row[name]]
    assert len(texts) > len(rows), "no result was found"
    for text in texts:
        key, vector, body = (base64.b64decode(part) for part in text.split("$"))
        assert (len(key), len(vector)) == (512, 16)
        assert b"v6-clinical" not in body


def summary_of(columns: list[str]) -> dict[str, Any]:
    """Return a small task; every stack has the data of the first case."""
    return {"method": "summary", "kwargs": {"columns": columns}}


def direct_question() -> dict[str, Any]:
    """Return a good question to a partial, as an analyst may send it by hand."""
    return {"method": f"{CASES[0].method}_partial", "kwargs": CASES[0].first_message()}
