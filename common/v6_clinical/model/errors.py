"""The one error of this package: a model that cannot be built as it was asked for."""

from typing import Final

LONGEST_PART: Final = 80


class FormulaError(ValueError):
    """A formula or a term is not in the grammar, or cannot be coded.

    Everything in it comes from the request or from the agreed levels, never from a patient's row.

    Parameters
    ----------
    problem
        What is wrong, as a sentence about the part.
    part
        The offending piece of the formula as the analyst wrote it, shortened.
    remedy
        What to write instead.
    """

    def __init__(self, problem: str, part: str, remedy: str) -> None:
        self.part = part if len(part) <= LONGEST_PART else part[: LONGEST_PART - 1] + "…"
        self.remedy = remedy
        super().__init__(f"`{self.part}`: {problem}")
