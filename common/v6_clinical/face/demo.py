"""What an analysis's ``demo.py`` gives: numbers of another program on the pooled rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from v6_clinical.face.contract import Record


@dataclass(frozen=True)
class Beside:
    """Numbers of the result beside those of another program.

    Parameters
    ----------
    program
        Whose numbers these are.
    unit
        What a difference is measured in.
    most
        The largest difference that is agreement.
    rows
        Name, ours, theirs, and the difference.
    """

    program: str
    unit: str
    most: float
    rows: Sequence[tuple[str, float, float, float]]

    @property
    def largest(self) -> float:
        """Return the largest difference."""
        return max(row[3] for row in self.rows)


def coefficients_beside(
    result: Record, theirs: Sequence[float], program: str, most: float
) -> Beside:
    """Return the coefficients beside those of another program, in standard errors."""
    rows = [
        (row["term"], row["estimate"], float(b), abs(row["estimate"] - b) / row["std_error"])
        for row, b in zip(result["coefficients"], theirs, strict=True)
    ]
    return Beside(program, "standard errors", most, rows)
