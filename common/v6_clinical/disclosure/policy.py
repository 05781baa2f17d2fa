"""The site's policy: every check that its limits ask for.

Rule numbers (R1 ...) are those of PRIVACY.md. Whoever may create tasks can call a partial with
any argument, so each check runs at the site, before a number is computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import ArrayLike, NDArray

from v6_clinical.disclosure.causes import rare_columns
from v6_clinical.disclosure.dominance import (
    differing_rows,
    effective_sample_size,
    is_distant,
    largest_leverage,
    rows_off_commonest,
    spread,
    vanishing,
)
from v6_clinical.disclosure.edges import DrawnLimits
from v6_clinical.disclosure.survey import Survey, survey
from v6_clinical.disclosure.within import centred_within, differing_within, rows_off_within
from v6_clinical.errors import RefusalError
from v6_clinical.numerics.blocks import GLANCE, centred_squares
from v6_clinical.settings import sha256

ORDERS = 4  # power sums of a column


@dataclass(frozen=True)
class Policy(DrawnLimits):
    """The limits in force at a site, and every check that they ask for."""

    def is_small(self, counts: ArrayLike) -> NDArray[np.bool_]:
        """R2: true for counts that may not be published: more than 0, fewer than a cell."""
        small: NDArray[np.bool_] = np.greater(counts, 0) & np.less(counts, self.min_cell)
        return small

    def check_rows(self, n: int, *where: str) -> None:
        """R1: rows used are 0, or at least ``min_rows``."""
        if 0 < n < self.min_rows:
            raise RefusalError("MIN_ROWS", where)

    def check_columns(self, names: Iterable[str]) -> None:
        """R12: every column that a request touches is allowed, by its exact name."""
        denied = [name for name in names if not self._allows(name)]
        if denied:
            raise RefusalError("COLUMN_DENIED", denied)

    def _allows(self, name: str) -> bool:
        listed = self.allowed_columns is None or name in self.allowed_columns
        return listed and name not in self.denied_columns

    def check_level_number(self, levels: int, n: int, column: str) -> None:
        """R13, R11: a column of nearly as many labels as rows is no category.

        Before ``collapse``, with a codebook too: two merged groups of ages are a cut point.
        """
        if levels > min(self.max_levels, self.levels_per_row * n):
            raise RefusalError("TOO_MANY_LEVELS", [column])

    def check_levels(self, counts: NDArray[np.int64], column: str) -> None:
        """R13: levels may be listed only if each has enough rows."""
        if self.is_small(counts).any():
            raise RefusalError("RARE_LEVEL", [column])

    def check_per_site(self) -> None:
        """R15: the site sends results of its own only where it is willing to."""
        if not self.allow_per_site:
            raise RefusalError("PER_SITE")

    def check_event_times(self) -> None:
        """R14: event times, and by differencing rows of patients with events, leave if allowed."""
        if not self.allow_event_times:
            raise RefusalError("EVENT_TIMES")

    def check_strata(self, rows: ArrayLike, events: ArrayLike, *columns: str) -> None:
        """R8: a stratum has no row or enough, and no event or at least a cell; shape (strata,)."""
        count = np.asarray(rows)
        few = (count > 0) & (count < self.min_rows)
        if (few | self.is_small(events)).any():
            raise RefusalError("SMALL_STRATUM", columns)

    def allows_moments(self, order: int, n: NDArray[np.float64]) -> NDArray[np.bool_]:
        """R7: tell which groups of n rows, shape (groups,), are enough for so many power sums.

        Four power sums of ten ages leave one possible set of ages.
        """
        enough: NDArray[np.bool_] = (order <= self.max_parameters_per_row * n) | (n == 0)
        return enough

    def allows_difference(self, counts: ArrayLike) -> bool:
        """R4: the rows that one published set has and another has not are 0, or at least a cell."""
        return self.allow_small_missing or not bool(self.is_small(counts).any())

    def check_complete_cases(self, missing: NDArray[np.bool_], where: Sequence[str]) -> None:
        """R4: rows that some of a model's columns drop are 0, or at least a cell.

        ``missing``, shape (rows, columns), marks missing values. Leaving out columns S adds the
        rows whose missing columns are all in S: safe for every S if and only if each pattern of
        missing columns that contains no other one is 0 or at least a cell.
        """
        if self.allow_small_missing:
            return
        patterns, counts = np.unique(missing[missing.any(axis=1)], axis=0, return_counts=True)
        for pattern in patterns[self.is_small(counts)]:
            within = (patterns <= pattern).all(axis=1)
            if within.sum() == 1:
                raise RefusalError("FEW_INCOMPLETE", list(compress(where, pattern)))

    def check_classes(self, events: int, others: int, column: str) -> None:
        """R6: rows with the event, and those without, are 0 or at least a cell."""
        if self.is_small(events):
            raise RefusalError("FEW_EVENTS", [column])
        if self.is_small(others):
            raise RefusalError("FEW_WITHOUT_EVENT", [column])

    def check_design(
        self,
        about: Survey,
        names: Sequence[str],
        derived: Sequence[bool],
        dummies: Sequence[bool] | None = None,
        movable: Sequence[bool] | bool = False,
    ) -> None:
        """R5: no design column singles a few rows out.

        Off its commonest value a column has no row or at least a cell; its spread over rows,
        (sum z^2)^2 / sum z^4 with z centred at the site, is at least 2, and at least a cell for
        a dummy, a transform or a product. ``dummies`` marks columns of levels: these are rare;
        ``movable`` those that a number of the caller's is in.
        """
        least = np.where(derived, max(self.min_spread, self.min_cell), self.min_spread)
        least = least / np.where(movable, self.share("spread"), 1.0)
        off, width = rows_off_commonest(about.design, self.min_cell), spread(about, least)
        # off > 0: the spread of a constant column is rounding
        rare, heavy = self.is_small(off), (off > 0) & ~(width >= least * (1 - 1e-9))
        if rare.any():
            raise rare_columns(names, rare, dummies)
        if heavy.any():
            raise RefusalError("DOMINANT_ROW", list(compress(names, heavy)))

    def allows_sums(self, values: NDArray[np.float64]) -> bool:
        """R5: tell whether a sum may be told: values off the commonest are none or a cell."""
        off = int(rows_off_commonest(values[:, None], self.min_cell)[0])
        few = bool(self.is_small(off))
        return not few or 2 * off > len(values) or len(values) < self.min_cell

    def check_combinations(self, about: Survey, names: Sequence[str]) -> None:
        """R5: no combination of columns singles out what each alone does not.

        Two columns of two values are the same (or opposite) or differ in at least a cell of
        rows; no row has more than the share of a combination's squares that a spread of 2 allows.
        ``names`` are those of the design columns and of all else that has been looked at.
        """
        small = vanishing(about)
        if small.any():
            raise RefusalError("DOMINANT_ROW", list(compress(names, small)))
        places, rows = differing_rows(about)
        close = np.argwhere(self.is_small(rows).any(axis=0))
        if len(close):
            raise RefusalError("RARE_VALUE", [names[places[place]] for place in close[0]])
        if self.min_spread > 0:
            most = self.min_spread**-0.5
            if not largest_leverage(about, most) <= most:
                raise RefusalError("DOMINANT_ROW", ["terms"])

    def check_within(
        self,
        columns: Sequence[NDArray[np.float64]],
        names: Sequence[str],
        strata: NDArray[np.intp],
        dummies: Sequence[bool] | None = None,
    ) -> None:
        """R5: nor is a column, or a combination, few rows within strata, codes of shape (n,)."""
        off = self.is_small(rows_off_within(columns, strata, self.min_cell))
        if off.any():
            raise rare_columns(names, off, dummies)
        places, rows = differing_within(columns, strata)
        close = np.argwhere(self.is_small(rows).any(axis=0))
        if len(close):
            raise RefusalError("RARE_VALUE", [names[places[place]] for place in close[0]])
        if self.min_spread > 0:
            most = self.min_spread**-0.5
            if not largest_leverage(centred_within(columns, strata), most) <= most:
                raise RefusalError("DOMINANT_ROW", ["terms", "strata"])

    def allows_products(self, about: Survey) -> bool:
        """R5: tell whether products of these columns may be told, see ``check_combinations``."""
        try:
            self.check_combinations(about, [""] * len(about.mean))
        except RefusalError:
            return False
        return True

    def allows_high_orders(self, values: NDArray[np.float64]) -> bool:
        """R2, R7: tell whether third and fourth power sums of values, shape (n,), may be told.

        Of at most five different values they tell how many rows have each: no such count is small.
        """
        if len(np.unique(values[:GLANCE])) > ORDERS + 1:
            return True
        counts = np.unique(values, return_counts=True)[1]
        return len(counts) > ORDERS + 1 or not bool(self.is_small(counts).any())

    def check_late_entries(self, missed: NDArray[np.int64], column: str) -> None:
        """R5: a fit with entries and one without differ by the rows that come after some death.

        ``missed``, shape (n,), is how many deaths a row came too late for.
        """
        self.check_design(survey(missed[:, None].astype(np.float64)), [column], [False])

    def check_shift(self, about: Survey, shift: ArrayLike, *where: str) -> None:
        """R11: a number taken off a column, (p,), is not so far off that rounding cuts it."""
        if is_distant(about, np.asarray(shift, np.float64), self.share("shift")).any():
            raise RefusalError("BAD_REQUEST", where)

    def check_parameters(
        self, columns: float, n: int, beside: float = 0.0, share: float = 1.0
    ) -> None:
        """R7: a model has few parameters for its rows, or a share of that.

        ``columns`` of the design, and ``beside`` them what every model has, as an intercept. The
        refusal says how many would pass, not how many there are, which would tell levels.
        """
        carried = share * self.max_parameters_per_row * n - beside
        if columns > carried:
            raise RefusalError("TOO_MANY_PARAMETERS", parameters=max(int(carried), 0))

    def check_weights(self, weights: NDArray[np.float64], column: str) -> None:
        """R8: weights are positive, and no few rows carry them."""
        least = max(self.min_rows, self.min_weight_share * len(weights))
        if (weights <= 0).any() or effective_sample_size(weights) < least * (1 - 1e-9):
            raise RefusalError("BAD_WEIGHT", [column])

    def check_clusters(self, sizes: NDArray[np.int64], column: str) -> None:
        """R8: robust errors are not made of few clusters, nor differ by few; rows in each cluster.

        Errors with clusters and without differ by the clusters of more than one row.
        """
        cells = 2 * self.min_cell if self.min_cell > 1 else 1
        few = 0 < len(sizes) < max(self.min_clusters, cells)
        if few or self.is_small((sizes > 1).sum()):
            raise RefusalError("SMALL_CLUSTER", [column])

    def check_coefficients(
        self, predictor: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> None:
        """R9: coefficients do not aim at few patients.

        ``predictor`` is the linear predictor, ``weights`` those of the model at it, such as
        mu (1 - mu); shape (n,) both.
        """
        most = max(len(predictor), 1) * (self.widest_predictor * self.share("predictor")) ** 2
        with np.errstate(over="ignore", invalid="ignore"):
            # not <=: also where an overflow has made it no number
            wide = not centred_squares(predictor)[1] <= most
        if wide or not self.carries(weights):
            raise RefusalError("COEFFICIENT_RANGE")

    def check_residuals(self, residuals: NDArray[np.float64], *, squared: bool = False) -> None:
        """R9: the score, with ``squared`` the meat too, is not made of few rows' residuals.

        Where risks are all but certain weights are even, but the score is of those it is wrong of.
        """
        size = np.abs(residuals)
        if not size.any():
            return  # the score is 0
        few = not self.carries(size)
        cell = self.least(self.min_cell, len(size), "squares")
        if few or (squared and effective_sample_size(size**2) < cell * (1 - 1e-9)):
            raise RefusalError("COEFFICIENT_RANGE")

    def carries(self, weights: NDArray[np.float64]) -> bool:
        """R9: tell whether weights are those of enough rows."""
        least = self.least(self.min_rows, len(weights), "weights")
        return effective_sample_size(weights) >= least * (1 - 1e-9)

    def check_filters(self, label: str, environment: Mapping[str, str]) -> None:
        """R16 on vantage6 4.x: no row selection by the analyst unless the operator agreed."""
        steps = environment.get(f"{label.upper()}_PREPROCESSING", "").strip()
        if steps not in ("", "[]", "null") and not self.allow_preprocessing:
            raise RefusalError("PREPROCESSING")
        query = environment.get(f"{label.upper()}_QUERY", "")
        if query.strip():
            self.check_query(query)

    def check_query(self, query: object) -> None:
        """R16: a query runs only if the operator listed its hash."""
        if not isinstance(query, str) or sha256(query) not in self.allowed_queries:
            raise RefusalError("QUERY")
