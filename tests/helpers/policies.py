"""The settings of sites for tests: exact sums, or noise that every platform draws alike.

A test that compares digits asks for exact settings by itself: ``EXACT`` is the shipped limits with
the blur off, ``exact(min_rows=...)`` has some of them otherwise, ``EXACT_SETTINGS`` says the same
in a node's environment (the fixture ``exact_nodes`` for entry modules in this process).
``Policy.open()`` is exact, too. A test of what is refused, or that something ends well, takes the
shipped limits as they are.

``SHIPPED`` and ``SHIPPED_SETTINGS`` are the shipped limits with a secret of the tests: the same
rows and the same question then give the same bytes on all platforms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from v6_clinical.disclosure import Policy

SECRET = bytes(range(32))
EXACT_SETTINGS = {"V6C_BLUR": "0", "V6C_BLUR_ROWS": "0"}
SHIPPED_SETTINGS = {"V6C_SECRET": SECRET.hex()}


@dataclass(frozen=True)
class ExactPolicy(Policy):
    """The same as ``EXACT``, for attacks that derive a policy without one of its guards."""

    blur: float = 0.0
    blur_rows: float = 0.0


def exact(**limits: Any) -> Policy:
    """Return the shipped limits, but for those given, of a site whose sums are exact."""
    return Policy(**{"blur": 0.0, "blur_rows": 0.0, **limits})


def shipped(**limits: Any) -> Policy:
    """Return the shipped limits, but for those given, of a site with the secret of the tests."""
    return Policy(**{"secret": SECRET, **limits})


def drawn(draw: int) -> Policy:
    """Return the shipped limits of a site with a secret for each draw of the noise."""
    return shipped(secret=bytes([draw + 1, *range(40)]))


EXACT, SHIPPED = exact(), shipped()
