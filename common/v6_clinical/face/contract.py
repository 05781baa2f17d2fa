"""The face of a method: its names, words, tables and figures, and what writes about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A table of the result.

    Parameters
    ----------
    title
        What stands above it.
    columns
        Column to its meaning. ``{…}`` in a name stands for a part that depends on the request, as
        in ``{quantile}_low``.
    shown
        Whether vantage6's own user interface shows it.
    line
        Two columns if that shows it as a line: the horizontal and the vertical one.
    """

    title: str
    columns: Mapping[str, str]
    shown: bool = True
    line: tuple[str, str] | None = None


@dataclass(frozen=True)
class Effect:
    """The column of ``coefficients`` that papers quote, and the words for it.

    Parameters
    ----------
    name, short
        As in a sentence and above a column: ``"odds ratio"``, ``"OR"``.
    column, low, high
        Where the table holds it and its interval.
    null
        What no effect is: 1 for a ratio, which is drawn on a log axis, 0 for a difference.
    """

    name: str
    short: str
    column: str
    low: str
    high: str
    null: Literal[0, 1] = 1

    @property
    def is_ratio(self) -> bool:
        """Tell whether it multiplies."""
        return self.null == 1


class Page(Protocol):
    """Where a result is printed: a terminal, or the text of ``print(result)``."""

    def line(self, text: str = "") -> None:
        """Print a line."""

    def table(
        self, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1
    ) -> None:
        """Print a table; the first ``left`` columns are text, the others numbers."""


class Cite(Protocol):
    """Numbers of references, in the order in which they are cited."""

    def __call__(self, *keys: str) -> str:
        """Return ``[1]`` or ``[1,2]`` for keys of the references."""


def _nothing(result: Record) -> str:
    return ""


def _no_facts(result: Record) -> Sequence[tuple[str, str]]:
    return ()


def _no_sentences(result: Record, cite: Cite) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Face:
    """What one method tells about itself. A package has one for each, in ``face.FACES``.

    Parameters
    ----------
    package
        The import package, which is one image.
    method
        The central function, and what a result calls itself: ``"mean"``.
    short
        What people type: ``fed.<short>(...)``, ``v6-clinical run <short>``.
    title
        Of a report.
    about
        One sentence: what it does.
    tables
        The result's own tables by key, in the order in which a reader wants them.
    analysis
        The package's module that holds ``REQUEST`` and ``analyse`` of this method.
    steps
        The site steps that the method asks; empty for all of the package.
    example
        Arguments of a request on the data of the German Breast Cancer Study Group: the columns
        ``time cens horTh age menostat tsize tgrade pnodes progrec estrec``. Helps, the demo and
        tests run it.
    result
        The class of ``v6_clinical.analyst.results`` that the analyst gets.
    predict
        The package's module whose ``predict(result, profiles)`` the result offers; empty for none.
    effect
        What the coefficients mean in print, or what returns it from the request where it depends
        on that; None for an analysis without.
    figures
        Those of ``v6_clinical.analyst.figures`` that a report shows, in order.
    terminal
        Prints the result; by default every table as it is.
    model
        Returns the model, or the columns, in one line.
    facts
        Returns what stands in large under a report's title, as name and value.
    methods
        Yields the sentences of a paper's methods paragraph.
    notes
        Returns what stands below a manuscript's table beside what the result itself says.
    references
        Key to a reference that ``methods`` cites, beside the shared ones.
    shorthands
        Further names for an analyst, ``fed.<name>(...)``, each with a line of what it does and the
        arguments that it fixes, or leaves out (None).
    """

    package: str
    method: str
    short: str
    title: str
    about: str
    tables: Mapping[str, Table]
    analysis: str = "analysis"
    steps: tuple[str, ...] = ()
    example: Mapping[str, Any] = field(default_factory=dict)
    result: str = "Result"
    predict: str = ""
    effect: Effect | Callable[[Record], Effect] | None = None
    figures: tuple[str, ...] = ()
    terminal: Callable[[Record, Page], None] | None = None
    model: Callable[[Record], str] = _nothing
    facts: Callable[[Record], Sequence[tuple[str, str]]] = _no_facts
    methods: Callable[[Record, Cite], Iterable[str]] = _no_sentences
    notes: Callable[[Record], Sequence[str]] = lambda result: ()
    references: Mapping[str, str] = field(default_factory=dict)
    shorthands: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)

    def effect_of(self, result: Record) -> Effect | None:
        """Return what the coefficients of a result mean in print."""
        return self.effect(result["request"]) if callable(self.effect) else self.effect
