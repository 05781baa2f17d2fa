"""What an attacker has: a way to call one node's partial with any argument, and to read the answer.

A question goes the whole way of a real task: JSON, the entry function that the node's wrapper
calls, limits from the node's environment, rows from the site's file, JSON back. ``policy`` takes
the place of the limits that the environment gives: an attack that fails under the shipped limits
is run again without the guard, and must then succeed.

The vantage6 major is that of the installed tools, so the same attacks run inside the images of
both (``tests/images/test_attacks.py``).
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import io
import itertools
import json
import os
import re
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

from helpers.policies import EXACT, EXACT_SETTINGS
from v6_clinical.disclosure import Policy
from v6_clinical.errors import SITE_CODES
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol import centre as federation
from v6_clinical.protocol.registry import load_central, load_site
from v6_clinical.protocol.site import answer
from v6_clinical.version import __version__

MAJOR = int(importlib.metadata.version("vantage6-algorithm-tools").partition(".")[0])
OPEN = Policy.open()
HOME = tempfile.TemporaryDirectory(prefix="node-")
KEPT: deque[tuple[pd.DataFrame, Path]] = deque(maxlen=4)
WRITTEN = itertools.count()
LEDGER: list[str] = []  # what all nodes' partials have logged, a line a call

Answer = dict[str, Any]


def ask(
    package: str,
    frame: pd.DataFrame,
    step: Any,
    arguments: Any,
    policy: Policy | None = None,
    settings: Mapping[str, str] | None = None,
    **more: Any,
) -> Answer:
    """Call the partial of a node that holds ``frame``; check what holds of every answer.

    Parameters
    ----------
    policy
        In place of the limits that the environment gives.
    settings
        Variables of the node's environment.
    more
        Fields of the message, beside or in place of those that the centre sends.
    """
    message = {"version": __version__, "step": step, "arguments": arguments, "index": 0, "count": 2}
    found, printed = call(package, "partial", message | more, frame, policy, settings)
    lines = printed.splitlines()
    assert len(lines) == 1, printed  # the site's ledger: one line a call
    LEDGER.append(lines[0])
    if found["status"] == "refused":
        assert surplus(found, message | more) == []
        assert found["code"] in SITE_CODES
        assert found["code"] != "INTERNAL", found
    return found


def surplus(found: Answer, asked: Any) -> list[str]:
    """A19: return what a refusal tells beside a code and names that the request held.

    Numbers in the names are the request's own, or count the functions of a spline. Settings are
    named too. How many parameters the rows carry is told beside ``TOO_MANY_PARAMETERS`` alone.
    """
    fields = ["schema", "status", "code", "where"]
    fields += ["parameters"] if found["code"] == "TOO_MANY_PARAMETERS" else []
    beside = [name for name in found if name not in fields]
    own = set(re.findall(r"\d+", json.dumps(asked, ensure_ascii=False)))
    for name in found["where"]:
        told = re.findall(r"\d+", re.sub(r"\[\d+\](?=:|$)|^V6C_", "", str(name)))
        beside += [number for number in told if number not in own]
    return beside


def call(
    package: str,
    function: str,
    named: Any,
    frame: pd.DataFrame,
    policy: Policy | None = None,
    settings: Mapping[str, str] | None = None,
) -> tuple[Answer, str]:
    """Call an entry function as the node's wrapper does; return its result and what it printed."""
    module = importlib.import_module(f"{package}.v{MAJOR}")
    method = load_site(package).name
    entry = getattr(module, method if function == "central" else f"{method}_{function}")
    environment = node(frame) | {"FUNCTION_ACTION": _action(function)} | dict(settings or {})
    given, printed = json.loads(json.dumps(named)), io.StringIO()
    with (
        mock.patch.dict(os.environ, environment),
        _limits(policy),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        found = entry(**given)
    return json.loads(json.dumps(found, allow_nan=False)), printed.getvalue()


def node(frame: pd.DataFrame) -> dict[str, str]:
    """Return the environment that a node of this major gives, its data in a file.

    Its sums are exact: the attacks on each rule are those of somebody whom no noise disturbs.
    Attacks on the noise give settings, or a policy, of their own.
    """
    folder = _kept(frame)
    file = folder / "patients.csv"
    if MAJOR == 4:
        names = {"DATABASE_URI": str(file), "DATABASE_TYPE": "csv"}
        given = {f"DEFAULT_{name}": value for name, value in names.items()}
        return given | {"USER_REQUESTED_DATABASE_LABELS": "default"} | EXACT_SETTINGS
    given = {"SESSION_FOLDER": str(folder), "USER_REQUESTED_DATAFRAMES": "patients"}
    return given | EXACT_SETTINGS


def _kept(frame: pd.DataFrame) -> Path:
    """Return a folder with the site's file; the last few are not written again."""
    for kept, folder in KEPT:
        if frame.equals(kept) and _identical(frame, kept):
            return folder
    folder = Path(HOME.name) / str(os.getpid()) / str(next(WRITTEN) % KEPT.maxlen)
    folder.mkdir(parents=True, exist_ok=True)  # nodes of processes side by side
    file = folder / "patients.csv"
    frame.to_csv(file, index=False)
    if MAJOR == 5:
        pd.read_csv(file).to_parquet(file.with_suffix(".parquet"))
    KEPT.append((frame.copy(), folder))
    return folder


def _identical(frame: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Tell 1 from True, which are equal, in columns of objects."""
    objects = [place for place, kind in enumerate(frame.dtypes) if kind.kind == "O"]
    cells = (zip(frame.iloc[:, k], other.iloc[:, k], strict=True) for k in objects)
    return all(one is two for column in cells for one, two in column)


def _action(function: str) -> str:
    return "central_compute" if function == "central" else "federated_compute"


@contextlib.contextmanager
def _limits(policy: Policy | None) -> Iterator[None]:
    if policy is None:
        yield
        return
    with mock.patch.object(Policy, "from_environment", return_value=policy):
        yield


@contextlib.contextmanager
def costs(calls: int) -> Iterator[None]:
    """Count the calls of a partial: as many lines in the site's ledger."""
    before = len(LEDGER)
    yield
    assert len(LEDGER) - before == calls


class Nodes:
    """A transport whose sites are nodes; keeps what the centre asks of the first one."""

    def __init__(
        self, package: str, frames: Sequence[pd.DataFrame], policy: Policy | None = None
    ) -> None:
        self.package, self.frames, self.policy = package, frames, policy
        self.asked: list[dict[str, Any]] = []

    def organizations(self) -> Sequence[int]:
        return range(1, len(self.frames) + 1)

    def ask(self, messages: dict[int, dict[str, Any]]) -> dict[int, Any]:
        self.asked.append(json.loads(json.dumps(messages[1])))
        answers = {}
        for site, message in messages.items():
            rest = {name: message[name] for name in ("index", "count")}
            step, arguments = message["step"], message["arguments"]
            frame = self.frames[site - 1]
            answers[site] = ask(self.package, frame, step, arguments, self.policy, **rest)
        return answers


def run(
    package: str,
    frames: Sequence[pd.DataFrame],
    arguments: dict[str, Any],
    policy: Policy | None = None,
) -> tuple[Answer, list[dict[str, Any]]]:
    """Run a whole analysis over nodes; return its result, and what the first site was asked."""
    nodes = Nodes(package, frames, policy)
    found = federation.run(load_central(package), arguments, nodes)
    json.dumps(found, allow_nan=False)
    return found, nodes.asked


def refusal(found: Answer) -> tuple[Any, Any]:
    return found.get("code"), found.get("where")


def array(found: Answer, name: str) -> Array:
    assert found["status"] == "ok", found
    entry = found["sums"]["arrays"][name]
    return np.array(entry["data"], dtype=float).reshape(entry["shape"])


def tally(found: Answer, name: str) -> dict[str, float]:
    assert found["status"] == "ok", found
    return dict(found["sums"]["tallies"][name])


def form(found: Answer, name: str = "information") -> Callable[[str, str], float]:
    """Return a symmetric matrix as a function of two labels."""
    assert found["status"] == "ok", found
    labels = found["sums"]["forms"][name]["labels"]
    half = iter(found["sums"]["forms"][name]["half"])
    entries = {(a, b): float(next(half)) for i, a in enumerate(labels) for b in labels[i:]}
    return lambda a, b: entries.get((a, b), entries.get((b, a), np.nan))


def numbers_in(found: Answer, without: Sequence[str] = ()) -> Array:
    """Return every number of an answer but those of the named arrays."""
    sums = found["sums"]
    parts = [part["data"] for name, part in sums["arrays"].items() if name not in without]
    parts += [list(part.values()) for part in sums["tallies"].values()]
    parts += [part["half"] for part in sums["forms"].values()]
    return np.array([number for part in parts for number in part], dtype=float)


def bisect(beyond: Callable[[float], bool], low: float, high: float, calls: int = 60) -> float:
    """Return where ``beyond`` begins to hold."""
    for _ in range(calls):
        middle = (low + high) / 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return (low + high) / 2


def share_of_unknowns(
    package: str,
    frame: pd.DataFrame,
    covariates: Sequence[str],
    asked: Sequence[dict[str, Any]],
    without: Sequence[str] = (),
    policy: Policy = EXACT,
) -> float:
    """Return the rank, at 1e-7, of the derivatives of all answers by a site's covariates, by n p.

    The answers are differentiated in process: four per covariate, step and question.
    """
    site, values = load_site(package), frame[list(covariates)].to_numpy(float)

    def sent(moved: Array) -> Array:
        rows = frame.assign(**dict(zip(covariates, moved.T, strict=True)))
        answers = [answer(site, question, lambda: policy, lambda _: rows) for question in asked]
        return np.concatenate([numbers_in(found, without) for found in answers])

    columns, step = [], 1e-5
    for place in np.ndindex(values.shape):
        move = np.zeros_like(values)
        move[place] = step
        near, far = sent(values + move) - sent(values - move), 2 * move
        columns.append((8 * near - sent(values + far) + sent(values - far)) / (12 * step))
    jacobian = np.array(columns).T
    size = np.linalg.norm(jacobian, axis=1)
    told = size > 1e-6
    singular = np.linalg.svd(jacobian[told] / size[told, None], compute_uv=False)
    return float((singular > 1e-7 * singular[0]).sum()) / values.size
