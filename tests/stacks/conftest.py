"""Stacks run where ci/stacks names them in STACKS; nothing here runs without it."""

import os

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    wanted = os.environ.get("STACKS", "").split()
    for item in items:
        major = item.path.stem.removeprefix("test_")
        if "stacks" in item.path.parts and major not in wanted:
            reason = f"{major} is not in STACKS: ci/stacks starts it"
            item.add_marker(pytest.mark.skip(reason=reason))
