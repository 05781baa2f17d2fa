"""What a regression brings to a site: how rows are read, and the complete cases of a question."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from v6_clinical.disclosure.blur import Blur, Source
from v6_clinical.disclosure.row_key import Columns, Powers, powers_of
from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.protocol.analysis import Place, SiteAnswer
from v6_clinical.protocol.sums import Sums
from v6_clinical.regression.question import Evaluate, Opening
from v6_clinical.regression.site.count_sums import count_sums
from v6_clinical.regression.site.kept import Kept
from v6_clinical.regression.site.likelihood import Likelihood
from v6_clinical.regression.site.noise import Noisy, in_units
from v6_clinical.regression.site.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy


class Cases(ABC):
    """The complete cases that a question is about, and their outcome."""

    rows: Rows

    @property
    @abstractmethod
    def column(self) -> str:
        """The outcome's column, or that of the events."""

    @property
    @abstractmethod
    def events(self) -> Array:
        """The outcome, or 1 for each row with an event, shape (n,)."""

    @property
    def strata(self) -> Index | None:
        """Codes of the rows' strata, shape (n,), where rows are compared within them."""
        return None

    @property
    @abstractmethod
    def may_sample(self) -> bool:
        """Whether a sample of a large site's rows may stand for all at the start."""

    @abstractmethod
    def likelihood(self, design: Array, shift: Array | None = None, every: int = 1) -> Likelihood:
        """Return the likelihood of a design, shape (n, p), less a shift, shape (p,).

        The design is the likelihood's own from here on.

        Parameters
        ----------
        every
            Take each so many-th row, a sample.
        """

    @property
    def centred(self) -> bool:
        """Whether nothing depends on what is taken off a column: the likelihood compares rows."""
        return False

    @property
    def quadratic(self) -> bool:
        """Whether the log-likelihood is quadratic."""
        return False

    @property
    def counted(self) -> bool:
        """Whether the outcome is 0 and 1, so that its sum is a count."""
        return True

    @cached_property
    def beside(self) -> dict[str, Array]:
        """What a likelihood depends on beside the design and the outcome, shape (n,) each."""
        found = {"weights": self.rows.weights, "offset": self.rows.offset}
        return {name: column for name, column in found.items() if column.strides != (0,)}

    def patients(self, leverage: Array) -> dict[str, Array]:
        """Return what tells patients of several rows from others, shape (n,) each."""
        codes = self.rows.patients
        if codes is None:
            return {}
        ones = np.ones(len(codes))
        parts = {"rows": ones, "leverage": leverage, "events": leverage * self.events}
        sums = {name: np.bincount(codes, part)[codes] for name, part in parts.items()}
        return {f"patient/{name}": np.asarray(x, np.float64) for name, x in sums.items()}

    def units(self, columns: Columns) -> list[float]:
        """Return numbers of these that change an answer by more than a unit does."""
        rows = self.rows
        return [self.powers(rows.weights).mean, self.powers(rows.offset).sd]

    def powers(self, column: Array) -> Powers:
        """Return the powers of one of the rows' columns, shape (n,); of one that stays, once."""
        for one in self._known:
            if one.column is column:
                return one
        found = powers_of(column)
        self.know([found])
        return found

    def know(self, powers: Iterable[Powers]) -> None:
        """Keep what has been computed of the rows' own columns, which are in memory anyway."""
        own = self.events, self.rows.weights, self.rows.offset
        self._known.extend(one for one in powers if any(one.column is x for x in own))

    @cached_property
    def _known(self) -> list[Powers]:
        return []

    @property
    def kind(self) -> str:
        """Which likelihood it is: another one's noise is of its own."""
        return ""

    def zero_and_unit(self, blur: Blur) -> tuple[float, float]:
        """Return what linear predictors count from in a question, and in which unit."""
        return 0.0, 1.0

    def noisy(
        self,
        policy: Policy,
        columns: Columns,
        told: Sequence[tuple[float, float]],
        leverage: Array,
        kept: Kept,
    ) -> Noisy:
        """Return the noise of the rows with a design's columns, and without.

        Parameters
        ----------
        told
            The columns' moments, as they are told.
        leverage
            Of each row in the design at the null model, shape (n,).
        kept
            The columns that others do not determine: more of them draw nothing anew.
        """
        n = self.rows.n

        def source(some: Columns, share: Array) -> Source:
            beside = self.beside | self.patients(share)
            key = some.row_key(share, self.events, beside, self.powers)
            units = in_units(self.units(some))
            return policy.noise.source(b"|".join([key, units, self.kind.encode()]))

        bare = partial(source, Columns((), columns.intercept), np.broadcast_to(1 / max(n, 1), n))
        zero, unit = self.zero_and_unit(policy.noise)
        own = source(kept.columns(columns), leverage)
        return Noisy(own, bare, columns, tuple(told), self.rows.patients, zero, unit, kept)

    def answer(self, sums: Sums, policy: Policy) -> SiteAnswer:
        """Return the answer of a step: how many rows there are, and sums."""
        rows, counts = self.rows, self.counts_told(policy)
        return SiteAnswer(counts + sums, rows.n, rows.n > 0, rows.dropped)

    def counts_told(self, policy: Policy) -> Sums:
        """Return what is told of the number of rows and of sums of weights, drawn once."""
        if policy not in self._told:
            known = self.powers
            sums = count_sums(self.rows, self.events, policy, counted=self.counted, powers=known)
            self._told[policy] = sums
        return self._told[policy]

    @cached_property
    def _told(self) -> dict[Policy, Sums]:
        return {}


O = TypeVar("O", bound=Opening)  # noqa: E741 - what opens
E = TypeVar("E", bound=Evaluate)


class Regression(ABC, Generic[O, E]):
    """A regression at a site.

    Attributes
    ----------
    opening, evaluation
        Its questions: that of ``describe`` and ``start``, and that of ``evaluate``.
    by_column
        The design's order in memory, see ``Coding.matrix``.
    """

    opening: type[O]
    evaluation: type[E]
    by_column: bool = False

    @abstractmethod
    def read(self, frame: pd.DataFrame, question: O | E, policy: Policy) -> Cases:
        """Return the complete cases, once their outcome has passed every check on it."""

    @abstractmethod
    def coefficients(
        self, question: E, names: tuple[str, ...], place: Place
    ) -> tuple[Array, Array]:
        """Return shift and coefficients of all columns, shape (p,) each.

        Raises
        ------
        RefusalError
            ``BAD_REQUEST`` where there are more or fewer than columns.
        """

    def labels(self, names: tuple[str, ...], question: O | E, place: Place) -> tuple[str, ...]:
        """Return the labels of the parameters in the site's sums."""
        return names
