"""Code that leaves a trace where it is run, and the guard of A16 lifted: texts are evaluated."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from unittest import mock

RUNS = "__import__('builtins').__dict__.__setitem__('v6c_ran', True)"
# Where names of columns are looked up, and where formulas are parsed.
READERS = ("v6_summary.site.select", "v6_clinical.regression.site.rows.select")
READERS += ("v6_clinical.model.formula.scan",)


def has_run() -> bool:
    """Tell whether the code was run since this was last asked."""
    return bool(vars(builtins).pop("v6c_ran", False))


@contextmanager
def evaluated() -> Iterator[None]:
    """Evaluate names of columns and formulas before they are compared and parsed."""
    with ExitStack() as stack:
        for target in READERS:
            if importlib.util.find_spec(target.partition(".")[0]):
                stack.enter_context(_evaluating(target))
        yield


def _evaluating(target: str) -> Any:
    module, _, name = target.rpartition(".")
    original = getattr(importlib.import_module(module), name)

    def function(*given: Any) -> Any:
        for text in [given[-1]] if isinstance(given[-1], str) else given[-1]:
            with suppress(Exception):
                eval(text, {"age": 1})  # noqa: S307 - our own text
        return original(*given)

    return mock.patch(target, function)
