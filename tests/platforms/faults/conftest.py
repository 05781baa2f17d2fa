"""A clock for the fault tests: time passes only while the central side sleeps.

So a deadline is a number of polls, however slow the machine. vantage6's client, which waits a
second before it connects again, does not wait.
"""

import time
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from vantage6.common.client import client_base

from v6_clinical.platforms import polling


@dataclass
class Clock:
    """Stands for the module ``time``."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        time.sleep(0.001)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "time", Clock())
    impatient = SimpleNamespace(sleep=lambda seconds: time.sleep(0.01))
    monkeypatch.setattr(client_base, "time", impatient)
