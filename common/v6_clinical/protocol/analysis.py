"""The protocol: an analysis asks the sites, gets the sum of their answers, and concludes.

An analysis is a generator without I/O. It yields an :class:`Ask`, is sent a :class:`Reply`, and
returns the tables of its result. A site step is a pure function of a table, the question's
arguments and the site's policy. Platforms stand between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from v6_clinical.protocol.near import Coefficients, Near
from v6_clinical.protocol.sums import Sums

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy


@dataclass(frozen=True)
class Ask:
    """A question for every site: the name of a site step and its arguments (plain JSON).

    ``tolerates`` lists the refusal codes on which the analysis goes on: it is then told who
    refused, with an empty total.
    ``needs`` names the sums (or the first parts of their names) without which a site with rows has
    not answered: an answer that was cut short is not taken for zeros. ``promised`` names more of
    them from a site's own answer: what it says that it sends.
    ``labels`` are the only ones that tallies and forms may bear; None where sites bring their own,
    such as the levels of a column.
    ``near`` tells of coefficients what they were before rounding.
    """

    step: str
    arguments: Mapping[str, Any]
    tolerates: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    promised: Callable[[Sums], frozenset[str]] = lambda sums: frozenset()
    labels: frozenset[str] | None = None
    near: Near | None = None


@dataclass(frozen=True)
class Reply:
    """The sum of the sites' answers, and the organisations that it covers, by site index.

    Where a site refused with a code that the question tolerates, there is no total: the sum of
    the others is never taken for that of all. ``point`` are the coefficients that sites were asked
    about, as the transcript has them: on another machine one may have been rounded the other way.
    """

    total: Sums
    organizations: tuple[int, ...]
    refused: Mapping[int, str] = field(default_factory=dict)
    point: Coefficients | None = None


@dataclass(frozen=True)
class Outcome:
    """An analysis's own tables (each a list of flat records) and its warnings.

    ``precision`` is the largest declared sd of noise in an estimate, in its standard errors; 0
    where the sites' sums are exact.
    """

    tables: dict[str, Any]
    warnings: list[dict[str, str]] = field(default_factory=list)
    precision: float = 0.0


@dataclass(frozen=True)
class SiteAnswer:
    """What a site step returns: its sums, and its row counts where they may be told.

    ``n`` are the rows used, ``dropped`` those left out because a value is missing (models only).
    """

    sums: Sums
    n: int | None
    has_rows: bool = True
    dropped: int | None = None


@dataclass(frozen=True)
class Place:
    """Which of how many sites a step runs at, for results that a site reports as its own."""

    index: int
    count: int


Analysis = Generator[Ask, Reply, Outcome]
SiteStep = Callable[["pd.DataFrame", Mapping[str, Any], "Policy", Place], SiteAnswer]
