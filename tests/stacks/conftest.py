"""Stacks run where ci/stacks names them in STACKS; nothing here runs without it."""

import os
from collections.abc import Iterator

import pytest

from stacks.engine import things


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    wanted = os.environ.get("STACKS", "").split()
    for item in items:
        if "stacks" not in item.path.parts:
            continue
        needs = f"v{item.callspec.params['major']}" if _has_major(item) else item.path.stem[5:7]
        if needs not in wanted:
            reason = f"{needs} is not in STACKS: ci/stacks starts it"
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Fail when a stack leaves anything that it started or pulled."""
    before = things()
    yield
    assert sorted(things() - before) == []


def _has_major(item: pytest.Item) -> bool:
    return "major" in getattr(getattr(item, "callspec", None), "params", {})
