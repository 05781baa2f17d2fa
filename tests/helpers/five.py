"""Entry modules for vantage6 5.x, importable where the tools of 4.x are installed."""

from __future__ import annotations

import enum
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from v6_clinical.protocol.registry import packages

COMMON = "vantage6.common.enum"
OURS = ("v6_clinical.platforms.vantage6_v5", "v6_clinical.platforms.extraction_v5")


class Steps(enum.Enum):
    """The step types of vantage6 5.0.3."""

    DATA_EXTRACTION = "data_extraction"
    FEDERATED_COMPUTE = "federated_compute"
    CENTRAL_COMPUTE = "central_compute"


@contextmanager
def importable() -> Iterator[None]:
    """Let modules for 5.x be imported."""
    try:
        common = importlib.import_module(COMMON)
    except ModuleNotFoundError:
        common = ModuleType(COMMON)
    known, missing = COMMON in sys.modules, not hasattr(common, "AlgorithmStepType")
    sys.modules[COMMON] = common
    if missing:
        common.AlgorithmStepType = Steps  # type: ignore[attr-defined]
    try:
        yield
    finally:
        if missing:
            del common.AlgorithmStepType  # type: ignore[attr-defined]
        for name in [
            *OURS,
            *(f"{package}.v5" for package in packages()),
            *([COMMON] * (not known)),
        ]:
            sys.modules.pop(name, None)
