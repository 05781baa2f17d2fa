"""Sites in processes of their own, as on nodes: their work waits for no other's interpreter.

They take as many processors as there are. A process and its rows are there before anything is
timed; questions and answers go through pipes as the JSON of real messages.
"""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

import pandas as pd

from bench.benchmark_cases import Case
from bench.meter import reply
from v6_clinical.protocol import centre as federation
from v6_clinical.protocol.registry import face_of, load_central, load_site


class Sites:
    """A transport to one process a frame, until it is closed.

    The processes are forked: threads that a library has started before are not there in them.
    """

    def __init__(self, case: Case, frames: Sequence[pd.DataFrame]) -> None:
        self._case, self._seconds = case, 0.0
        self._pipes: list[Connection] = []
        forked = multiprocessing.get_context("fork")
        for frame in frames:
            here, there = forked.Pipe()
            words = (there, case.analysis, frame)
            forked.Process(target=_serve, args=words, daemon=True).start()
            self._pipes.append(here)

    def close(self) -> None:
        """Let the processes end."""
        for pipe in self._pipes:
            pipe.send(None)

    def run(self) -> dict[str, Any]:
        """Run the case's analysis over these sites."""
        central = load_central(self._case.analysis)
        return federation.run(
            central, self._case.arguments, self, minimum_sites=min(len(self._pipes), 2)
        )

    def seconds(self) -> float:
        """Return the CPU seconds of all sites up to now."""
        return self._seconds

    def organizations(self) -> Sequence[int]:
        return range(1, len(self._pipes) + 1)

    def ask(self, messages: dict[int, federation.Message]) -> dict[int, Any]:
        for organization, message in messages.items():
            self._pipes[organization - 1].send(json.dumps(message, allow_nan=False))
        return {organization: self._answer(organization) for organization in messages}

    def _answer(self, organization: int) -> Any:
        text, took = self._pipes[organization - 1].recv()
        self._seconds += took
        return json.loads(text)


def _serve(pipe: Connection, analysis: str, frame: pd.DataFrame) -> None:
    """Answer questions until there are no more, each with the CPU seconds that it took."""
    site = load_site(face_of(analysis).package)
    while (question := pipe.recv()) is not None:
        start = time.process_time()
        text = reply(site, question, frame)
        pipe.send((text, time.process_time() - start))
