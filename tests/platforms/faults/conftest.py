"""vantage6's client waits a second before it connects again: not in tests."""

import time
from types import SimpleNamespace

import pytest
from vantage6.common.client import client_base


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = SimpleNamespace(sleep=lambda seconds: time.sleep(0.01))
    monkeypatch.setattr(client_base, "time", impatient)
