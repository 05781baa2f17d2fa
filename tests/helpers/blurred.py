"""Sites that blur: their questions, their answers, and what of an answer is noise."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from helpers.policies import EXACT
from helpers.three_sites import good
from v6_clinical.disclosure import Policy
from v6_clinical.numerics.arrays import Array
from v6_clinical.protocol import centre as federation
from v6_clinical.protocol.registry import face_of, load_central, load_site
from v6_clinical.protocol.site import answer

TAU, FLOOR = 0.01, 0.25
Message = dict[str, Any]

# An analysis each, with what every option of it adds to an answer.
REQUESTS: dict[str, dict[str, Any]] = {
    "summary": {"columns": ["age", "bmi", "o", "stage"], "correlation": True},
    "logistic": {"outcome": "y", "predictors": ["age", "bmi", "stage"], "robust": "HC0"},
    "glm": {
        "family": "poisson",
        "outcome": "y",
        "predictors": ["age", "bmi", "stage"],
        "robust": "HC0",
    },
    "cox": {"time": "t", "event": "y", "predictors": ["age", "bmi", "stage"], "robust": True},
}


def policy(secret: int, tau: float = TAU, floor: float = FLOOR) -> Policy:
    """Return the shipped limits with this noise, under one of many secrets."""
    return Policy(blur=tau, blur_rows=floor, secret=secret.to_bytes(32, "big"))


@dataclass
class Sites:
    """A transport with organisations of any number; keeps what each of them is asked."""

    analysis: str
    frames: Mapping[int, pd.DataFrame]
    policy: Policy
    asked: dict[int, list[Message]] = field(default_factory=dict)

    def organizations(self) -> Sequence[int]:
        return list(self.frames)

    def ask(self, messages: Mapping[int, Message]) -> dict[int, Any]:
        for number, message in messages.items():
            self.asked.setdefault(number, []).append(json.loads(json.dumps(message)))
        return {
            number: reply(self.analysis, message, self.frames[number], self.policy)
            for number, message in messages.items()
        }

    def end(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Run an analysis, however it ends."""
        return federation.run(load_central(self.analysis), dict(request), self, minimum_sites=1)

    def run(self, request: Mapping[str, Any]) -> dict[str, Any]:
        found = self.end(request)
        assert found["status"] == "completed", found["error"]
        return found


def reply(analysis: str, message: Message, frame: pd.DataFrame, limits: Policy) -> dict[str, Any]:
    """Answer a question as a site does."""
    site = load_site(face_of(analysis).package)
    sent = json.loads(json.dumps(message, allow_nan=False))
    found = answer(site, sent, lambda: limits, lambda _: frame)
    return json.loads(json.dumps(found, allow_nan=False))


def fit(
    analysis: str, limits: Policy, change: Callable[[pd.DataFrame], pd.DataFrame] | None = None
) -> dict[str, Any]:
    """Run the analysis's request over three sites, their rows changed."""
    frames = {k: good(k) if change is None else change(good(k)) for k in (1, 2, 3)}
    return Sites(analysis, frames, limits).run(REQUESTS[analysis])


@cache
def _questions(analysis: str) -> tuple[str, ...]:
    sites = Sites(analysis, {k: good(k) for k in (1, 2, 3)}, policy(1))
    sites.run(REQUESTS[analysis])
    return tuple(json.dumps(message) for message in sites.asked[1])


def questions(analysis: str) -> list[Message]:
    """Return what the first site is asked in the course of a blurred analysis."""
    return [json.loads(text) for text in _questions(analysis)]


def numbers(found: Mapping[str, Any]) -> dict[str, float]:
    """Return every number of an answer by its name and label."""
    assert found["status"] == "ok", found
    sums, named = found["sums"], {}
    for name, part in sums["arrays"].items():
        named |= {f"{name}[{k}]": float(value) for k, value in enumerate(part["data"])}
    for name, part in sums["tallies"].items():
        named |= {f"{name} {label}": float(value) for label, value in part.items()}
    for name, part in sums["forms"].items():
        half, labels = iter(part["half"]), part["labels"]
        named |= {
            f"{name} {a}, {b}": float(next(half)) for i, a in enumerate(labels) for b in labels[i:]
        }
    return named


def noise(analysis: str, message: Message, frame: pd.DataFrame, secrets: range) -> dict[str, Array]:
    """Return the noise of an answer's numbers by their names, shape (secrets,) each.

    Numbers that leave as they are, counts, are left out, and so are counts that noise moves now
    and then.
    """
    exact = numbers(reply(analysis, message, frame, EXACT))
    drawn = [numbers(reply(analysis, message, frame, policy(secret))) for secret in secrets]
    many = len(secrets) / 2
    names = [name for name in exact if len({one[name] for one in drawn}) > many]
    return {name: np.array([one[name] - exact[name] for one in drawn]) for name in names}


def largest_correlation(one: Mapping[str, Array], other: Mapping[str, Array]) -> float:
    """Return the largest correlation of a number of the one with a number of the other."""
    ours, theirs = (np.array(list(draws.values())) for draws in (one, other))
    a, b = ((x - x.mean(axis=1)[:, None]) / x.std(axis=1)[:, None] for x in (ours, theirs))
    return float(np.abs(a @ b.T).max() / ours.shape[1])
