"""What the centre asks of an answer: that no part is missing, and that data have not changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from v6_clinical.errors import AnalysisError
from v6_clinical.protocol.sums import Sums
from v6_summary.moments import FirstSums, PowerSums
from v6_summary.questions import Finer, Tabulate

DESCRIBED = frozenset({"kinds", "moments"})


def tabulated(question: Tabulate) -> frozenset[str]:
    """Return the sums that no site with rows leaves out; of group sums it may."""
    found = {"grouped"} if question.group is not None else set()
    for i in range(len(question.numeric)):
        found |= {f"moments/{i}/all", f"missing/{i}/all", f"curve/{i}"}
    for i in range(len(question.categorical)):
        found |= {f"counts/{i}/all", f"absent/{i}/all"}
    return frozenset(
        found | refined(question.finer) | ({"pairs"} if question.correlation else set())
    )


def promised(question: Tabulate, sums: Sums) -> frozenset[str]:
    """Return the group sums that a site says it sends."""
    numeric, factors = len(question.numeric), len(question.categorical)
    sent = sums.get("grouped", (numeric + factors,)) > 0
    found = set()
    for i in np.flatnonzero(sent[:numeric]).tolist():
        found |= {f"{part}/{i}/group" for part in ("moments", "missing", "curve")}
        name = question.numeric[i].name
        asked = ((k, w) for k, w in enumerate(question.finer) if w.name == name)
        found |= {f"finer/{k}" for k, w in asked if w.group is not None}
    for i in np.flatnonzero(sent[numeric:]).tolist():
        found |= {f"{part}/{i}/group" for part in ("counts", "absent")}
    return frozenset(found)


def refined(windows: Sequence[Finer]) -> frozenset[str]:
    """Return the sums of all rows, which no site with rows leaves out."""
    return frozenset(f"finer/{k}" for k, w in enumerate(windows) if w.group is None)


def check_same_data(question: Tabulate, first: Sequence[FirstSums], total: Sums) -> None:
    """Compare the rows and the sum of each numeric column with those of the first answers.

    Where a site blurs its sums the rows alone: a site without a secret draws noise anew.

    Parameters
    ----------
    first
        Per numeric column what ``describe`` told.

    Raises
    ------
    AnalysisError
        ``DATA_CHANGED``.
    """
    for i, column in enumerate(question.numeric):
        now, before = PowerSums(*total.get(f"moments/{i}/all", (6,))), first[i]
        # at least the sum of absolute deviations, and what rounding leaves of the values
        size = np.sqrt(now.n * now.s2) + 1e-3 * now.n * abs(column.shift)
        moved = not blurred(total) and (
            abs(now.s1 - (before.total - now.n * column.shift)) > 1e-9 * size
        )
        if moved or now.n != before.n:
            raise changed()


def blurred(total: Sums) -> bool:
    """Tell whether some site's sums bear noise."""
    return any(name.startswith("blur/") for name in total.arrays)


def unreadable() -> AnalysisError:
    """Return what ends an analysis where a site's cells cannot be read."""
    return AnalysisError("BAD_ANSWER", "A site's cells are not given by two bounds and rows.")


def changed() -> AnalysisError:
    """Return what ends an analysis whose answers contradict each other."""
    return AnalysisError("DATA_CHANGED", "Values in a site's data changed between rounds.")
