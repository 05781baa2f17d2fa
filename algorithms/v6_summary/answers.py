"""What the centre asks of an answer: that no part is missing, and that data have not changed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from v6_clinical.errors import AnalysisError
from v6_clinical.sums import Sums
from v6_summary.questions import Refine, Tabulate

Array = NDArray[np.float64]
DESCRIBED = frozenset({"kinds", "spread"})


def tabulated(question: Tabulate) -> frozenset[str]:
    """Return the sums that no site with rows leaves out; of group sums it may."""
    found = {"grouped"} if question.group is not None else set()
    for i in range(len(question.numeric)):
        found |= {f"moments/{i}/all", f"missing/{i}/all", f"curve/{i}"}
    for i in range(len(question.categorical)):
        found |= {f"counts/{i}/all", f"absent/{i}/all"}
    return frozenset(found | ({"pairs"} if question.correlation else set()))


def refined(question: Refine) -> frozenset[str]:
    """Return the sums of all rows, which no site with rows leaves out."""
    return frozenset(f"finer/{k}" for k, w in enumerate(question.windows) if w.group is None)


def check_same_data(question: Tabulate, spreads: Array, total: Sums) -> None:
    """Compare the rows and the sum of each numeric column with those of the first answers.

    Parameters
    ----------
    spreads
        Per numeric column what ``describe`` told: n and sum first.

    Raises
    ------
    AnalysisError
        ``DATA_CHANGED``.
    """
    for i, column in enumerate(question.numeric):
        n, deviations, squares = total.get(f"moments/{i}/all", (6,))[:3]
        # at least the sum of absolute deviations, and what rounding leaves of the values
        size = np.sqrt(n * squares) + 1e-3 * n * abs(column.shift)
        moved = abs(deviations - (spreads[i][1] - n * column.shift)) > 1e-9 * size
        if moved or n != spreads[i][0]:
            raise changed()


def changed() -> AnalysisError:
    """Return what ends an analysis whose answers contradict each other."""
    return AnalysisError("DATA_CHANGED", "Values in a site's data changed between rounds.")
