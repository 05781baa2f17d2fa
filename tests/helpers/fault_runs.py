"""One small request for each analysis, run over the failing server by vantage6's own client.

The client and the driver are those of the vantage6 major that is installed: 4.x here, 5.x inside
its images, which hold one analysis each.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt
import pandas as pd
from vantage6.algorithm.client import AlgorithmClient

from helpers.failing_server import Faults, Server, Stumble
from helpers.policies import EXACT
from helpers.three_sites import REQUESTS as SMALL
from helpers.three_sites import digits, good
from v6_clinical.protocol import centre as federation
from v6_clinical.protocol.registry import face_of, load_central, load_site, methods

TABLES = {"coefficients", "fit", "covariance", "numeric", "categorical", "histogram"}
# Of the summary a quantile that two rounds do not settle: faults in a third must find one.
THIRD: dict[str, Any] = {"group_by": "y", "quantiles": [0.1]}
REQUESTS = SMALL | {"summary": SMALL["summary"] | THIRD}
ANALYSES = [name for name in methods() if name in REQUESTS]
assert ANALYSES, "no analysis is installed"
MAJOR = int(importlib.metadata.version("vantage6-algorithm-tools").split(".")[0])
ClientTransport = importlib.import_module(
    f"v6_clinical.platforms.vantage6_v{MAJOR}"
).ClientTransport


def frames() -> list[pd.DataFrame]:
    """Return three sites' good rows."""
    return [good(k) for k in (1, 2, 3)]


@dataclass(frozen=True)
class Done:
    """A result, and the server that it came by."""

    result: dict[str, Any]
    server: Server


def client(server: Server) -> AlgorithmClient:
    """Return vantage6's algorithm client, as a container of a central function has it."""
    identity = {"sub": {"image": "v6", "databases": [{"label": "default"}], "collaboration_id": 1}}
    token = jwt.encode(identity, "0" * 32)
    host = "http://127.0.0.1"
    if MAJOR == 4:
        return AlgorithmClient(token=token, host=host, port=server.port, path="/api")
    return AlgorithmClient(token=token, hq_url=f"{host}:{server.port}/api")


def run(
    analysis: str,
    faults: Faults = lambda site, number, message: None,
    sites: Sequence[pd.DataFrame] | None = None,
    *,
    stumble: Stumble = lambda number, path: None,
    round_seconds: float = 20.0,
    **more: Any,
) -> Done:
    """Run an analysis over the server; the result is strict JSON."""
    package = face_of(analysis).package
    data = frames() if sites is None else sites
    with Server(load_site(package), data, EXACT, faults, stumble) as server:
        found = over(server, analysis, round_seconds, **more)
    return Done(found, server)


def over(
    server: Server,
    analysis: str,
    round_seconds: float = 20.0,
    progress: federation.Progress = lambda number, step, sites: None,
    **more: Any,
) -> dict[str, Any]:
    """Run an analysis's central side once over a server that is up."""
    central = load_central(analysis)
    transport = ClientTransport(
        client(server),
        f"{central.name}_partial",
        poll_seconds=0.01,
        round_seconds=round_seconds,
    )
    found = federation.run(central, REQUESTS[analysis] | more, transport, progress=progress)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


def ended(done: Done, code: str, sites: list[int] | None = None) -> None:
    """Check that an analysis ended with a code, naming sites, and gave no table."""
    error = done.result["error"]
    assert error is not None, "it gave tables"
    assert error["code"] == code, error
    assert not TABLES & set(done.result)
    assert error["remedy"]
    if sites is not None:
        assert [site["organization_id"] for site in error["sites"]] == sites


def completed(done: Done, sites: Sequence[int] = (10, 20, 30)) -> dict[str, float]:
    """Return the digits of a result of exactly these sites."""
    assert done.result["status"] == "completed", done.result["error"]
    used = [s["organization_id"] for s in done.result["sites"] if s["status"] == "ok"]
    assert used == list(sites)
    return digits(done.result)
