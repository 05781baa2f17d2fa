"""Runs inside an image: an analysis over vantage6's own mock network, three sites.

Usage: inside.py FOLDER, with FOLDER/case.json (method, arguments) and FOLDER/site{1,2,3}.parquet.
Writes FOLDER/result.json.
"""

import importlib
import json
import os
import sys
from pathlib import Path

import pandas as pd


def main(folder: Path) -> None:
    case = json.loads((folder / "case.json").read_text())
    frames = [pd.read_parquet(folder / f"site{k}.parquet") for k in (1, 2, 3)]
    module = os.environ["PKG_NAME"]
    mock = _mock_v4 if module.endswith(".v4") else _mock_v5
    (folder / "result.json").write_text(json.dumps(mock(module, case, frames), allow_nan=False))


def _mock_v4(module, case, frames):  # type: ignore[no-untyped-def]
    from vantage6.algorithm.tools.mock_client import MockAlgorithmClient

    datasets = [[{"database": frame, "db_type": "csv"}] for frame in frames]
    client = MockAlgorithmClient(datasets, module, organization_ids=[1, 2, 3])
    function = getattr(importlib.import_module(module), case["method"])
    return function(mock_client=client, **case["arguments"])


def _mock_v5(module, case, frames):  # type: ignore[no-untyped-def]
    from vantage6.algorithm.mock.network import MockNetwork

    client = MockNetwork(
        module, [{"patients": {"database": frame}} for frame in frames]
    ).user_client
    task = client.task.create(
        method=case["method"],
        organizations=[1],
        arguments=case["arguments"],
        databases=[{"type": "dataframe", "dataframe_id": 1}],
    )
    (result,) = client.result.from_task(task["id"])
    return result


if __name__ == "__main__":
    main(Path(sys.argv[1]))
