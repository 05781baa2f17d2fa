"""A transport that calls sites one after the other and notes what each round costs."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from bench.benchmark_cases import Case
from helpers.policies import EXACT
from v6_clinical.disclosure import Policy
from v6_clinical.protocol import centre as federation
from v6_clinical.protocol.registry import Site, face_of, load_central, load_site
from v6_clinical.protocol.site import answer


@dataclass
class Round:
    """One round: the largest number over sites of each.

    Parameters
    ----------
    step, report
        The site step, and whether it was also asked for what the tables need.
    numbers, question_bytes, answer_bytes
        Numbers in an answer (the ledger's count), and bytes of the two messages.
    site_seconds, central_seconds
        CPU time of one site, and of the central side for all of them.
    """

    step: str
    report: bool
    numbers: int = 0
    question_bytes: int = 0
    answer_bytes: int = 0
    site_seconds: float = 0.0
    central_seconds: float = 0.0


class Meter:
    """See the module. ``first`` keeps the questions put to the first site."""

    def __init__(self, site: Site, frames: Sequence[pd.DataFrame]) -> None:
        self._site, self._frames = site, frames
        self.rounds: list[Round] = []
        self.first: list[str] = []
        self._since = time.process_time()

    def organizations(self) -> Sequence[int]:
        return range(1, len(self._frames) + 1)

    def ask(self, messages: dict[int, federation.Message]) -> dict[int, Any]:
        some = next(iter(messages.values()))
        line = Round(some["step"], bool(some["arguments"].get("report")))
        answers, at_sites = {}, 0.0
        for organization, message in messages.items():
            question = json.dumps(message, allow_nan=False)
            if organization == 1:
                self.first.append(question)
            start = time.process_time()
            text = reply(self._site, question, self._frames[organization - 1])
            took = time.process_time() - start
            answers[organization] = json.loads(text)
            at_sites += took
            line.site_seconds = max(line.site_seconds, took)
            line.question_bytes = max(line.question_bytes, len(question))
            line.answer_bytes = max(line.answer_bytes, len(text))
        self._note_central(line, at_sites)
        self.rounds.append(line)
        return answers

    def end(self) -> None:
        """Count what the central side did after the last answer with the last round."""
        self._note_central(self.rounds[-1], 0.0)

    def _note_central(self, line: Round, at_sites: float) -> None:
        now = time.process_time()
        line.central_seconds += now - self._since - at_sites
        self._since = now


def reply(site: Site, question: str, frame: pd.DataFrame, limits: Policy = EXACT) -> str:
    """Answer a question as a partial does: text in, text out; the shipped limits, exact sums."""
    found = answer(site, json.loads(question), lambda: limits, lambda _: frame)
    return json.dumps(found, allow_nan=False)


def metered(case: Case, frames: Sequence[pd.DataFrame]) -> tuple[Meter, dict[str, Any]]:
    """Run a case through the meter.

    Raises
    ------
    RuntimeError
        If the analysis has not completed.
    """
    package = face_of(case.analysis).package
    central = load_central(package)
    meter = Meter(load_site(package), frames)
    found = federation.run(central, case.arguments, meter)
    if found["status"] != "completed":
        raise RuntimeError(f"{case}: {found['error']}")
    meter.end()
    for line, entry in zip(meter.rounds, found["ledger"], strict=True):
        line.numbers = entry["numbers_per_site"]
    return meter, found


def memory(
    case: Case, questions: Sequence[str], frame: pd.DataFrame, limits: Policy = EXACT
) -> float:
    """Return the peak memory of the first site's steps in units of its data, these included."""
    site = load_site(face_of(case.analysis).package)
    data, peak = int(frame.memory_usage(index=False).sum()), 0
    for question in questions:
        tracemalloc.start()
        reply(site, question, frame, limits)
        peak = max(peak, tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return (data + peak) / data


def figures(case: Case) -> dict[str, Any]:
    """Measure a case of the grid."""
    frames = case.frames()
    metered(case, [frame.head(1000) for frame in frames])  # imports are not what is measured
    meter, _ = metered(case, frames)
    return {
        "analysis": case.analysis,
        "rows": case.rows,
        "predictors": case.predictors,
        "sites": case.sites,
        "rounds": [asdict(line) for line in meter.rounds],
        "memory": memory(case, meter.first, frames[0]),
    }
