"""Run the tests alike everywhere."""

import os

import pytest
from hypothesis import HealthCheck, settings

from helpers.policies import EXACT_SETTINGS, SECRET, SHIPPED_SETTINGS
from v6_clinical.platforms import local
from v6_clinical.settings import Secret

# Machines are slow and noisy at times: no deadlines. Random examples are the same in every run;
# NEW_EXAMPLES=1 draws others, to hunt with.
settings.register_profile(
    "project",
    deadline=None,
    derandomize="NEW_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("project")

# So is the noise of sites in this process, which have a secret of the process otherwise.
if "NEW_EXAMPLES" not in os.environ:
    local.PROCESS = Secret(SECRET)  # type: ignore[misc]


@pytest.fixture
def exact_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give entry modules in this process a node's environment with exact settings."""
    for name, value in EXACT_SETTINGS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def shipped_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give entry modules in this process the shipped settings with the secret of the tests."""
    for name, value in SHIPPED_SETTINGS.items():
        monkeypatch.setenv(name, value)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one worker run all tests of a reference case: they share its fit."""
    for item in items:
        if isinstance(item, pytest.Function) and "reference" in item.path.parts:
            found = item.callspec.params if hasattr(item, "callspec") else {}
            case = "-".join(str(found[name]) for name in ("case", "name", "split") if name in found)
            item.add_marker(pytest.mark.xdist_group(f"{item.path.stem}-{case}"))
