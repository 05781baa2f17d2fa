"""What a regression's site would tell of other tables: its own code, with the predictors exchanged.

While a site answers, each place where it tells something of a point is taken down, with the noise
that is drawn there. ``Telling.numbers`` goes through these places again with other predictors and
without noise: the same numbers, of other rows, in units of the noise that the true rows drew.
Cells of a risk grid, which differ from table to table, are left out.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from unittest import mock

import numpy as np

import v6_cox.noise
from v6_clinical.disclosure import Policy
from v6_clinical.disclosure.blur import Source, factor_of
from v6_clinical.model.columns import CategoricalColumn, NumericColumn, SiteColumn
from v6_clinical.model.design import Coding
from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.protocol.analysis import Place
from v6_clinical.regression.glm.site_likelihood import GLMLikelihood
from v6_clinical.regression.site import own_fit, steps
from v6_clinical.regression.site.guard import check
from v6_clinical.regression.site.likelihood import Likelihood
from v6_cox.kernel.row_parts import Parts
from v6_cox.likelihood import CoxLikelihood

Draw = tuple[bytes, str, bytes]
Values = dict[Draw, tuple[Array, ...]]
PLACE = Place(0, 2)
LEFT_OUT = "risks/"
SCORES = frozenset({"third"})  # whose matrix is not told beside them


@dataclass(frozen=True)
class Call:
    """A place where a site tells something of a design: what it does there."""

    coding: Coding
    shift: Array | None
    likelihood: Likelihood
    run: Callable[[Any], object]

    def designs(self, columns: Mapping[str, SiteColumn], tables: int) -> Array:
        """Return the design of tables of n rows, shape (tables, n, p)."""
        rows = len(next(iter(columns.values())))
        found = self.coding.matrix(columns, rows)
        if self.shift is not None:
            found = found - self.shift
        return found.reshape(tables, rows // tables, -1)

    def exchanged(self, design: Array) -> Likelihood:
        """Return the likelihood of the same outcomes beside another design, shape (n, p)."""
        one = self.likelihood
        if isinstance(one, GLMLikelihood):
            return replace(one, data=replace(one.data, design=design))
        assert isinstance(one, CoxLikelihood)
        design = design[:: one.every][one.data.order] - one.data.centre
        found = replace(one, data=replace(one.data, design=design, found=one.data.sets))
        found.null.__dict__["scale"] = one.null.scale
        return found


@dataclass
class Telling:
    """What one site tells in an analysis.

    Parameters
    ----------
    calls
        Where.
    noise
        Of each draw T^+ and the sd of what is whitened by it: a block's d and e, a matrix's e, or
        that of a number.
    columns, others
        The site's predictors, and what else it read of each row.
    """

    secret: bytes
    calls: list[Call] = field(default_factory=list)
    noise: dict[Draw, tuple[Any, ...]] = field(default_factory=dict)
    columns: dict[str, SiteColumn] = field(default_factory=dict)
    others: list[Array] = field(default_factory=list)

    def numbers(self, order: Mapping[str, Index]) -> Array:
        """Return what tables would tell, in units of the noise; shape (tables, m).

        Parameters
        ----------
        order
            By column which row's value each row has, shape (tables, n); others stay as they are.
        """
        tables = len(next(iter(order.values())))
        columns = {k: _taken(c, order.get(k), tables) for k, c in self.columns.items()}
        values: list[Values] = [{} for _ in range(tables)]
        with _noted() as note:
            for call in self.calls:
                known = set(values[0])
                designs = call.designs(columns, tables)
                for found, design in zip(values, designs, strict=True):
                    note.append(found)
                    call.run(call.exchanged(design))
                    if set(found) == known:  # it has been told before
                        break
        draws = [draw for draw in self.noise if all(draw in found for found in values)]
        return np.array([np.concatenate([self._units(d, f[d]) for d in draws]) for f in values])

    def _units(self, draw: Draw, told: tuple[Array, ...]) -> Array:
        """Return what is told, in units of its noise."""
        if len(told) == 1 and not told[0].ndim:
            return np.atleast_1d(told[0] / self.noise[draw][0])
        back, d, e = self.noise[draw]
        if draw[1] in SCORES:
            return np.asarray(back @ told[0] / d)
        j, k = np.triu_indices(len(back))
        matrix = (back @ told[-1] @ back.T)[j, k] / e
        return matrix if len(told) == 1 else np.append(back @ told[0] / d, matrix)


def _taken(column: SiteColumn, order: Index | None, tables: int) -> SiteColumn:
    """Return a column's values in tables, one after another."""
    if order is None:
        order = np.tile(np.arange(len(column)), (tables, 1))
    if isinstance(column, CategoricalColumn):
        return replace(column, codes=column.codes[order].ravel())
    assert isinstance(column, NumericColumn)
    return NumericColumn(column.values[order].ravel())


@contextlib.contextmanager
def _noted() -> Iterator[list[Values]]:
    """Note in the last of a list what is to be told, which gets no noise; limits pass all."""
    noted: list[Values] = []

    def block(self: Source, name: str, question: bytes, scale: Any, *told: Any) -> Any:
        noted[-1][self._key, name, question] = told[:2]
        return told[:2]

    def matrix(self: Source, name: str, question: bytes, e: float, value: Array, *_: Any) -> Any:
        noted[-1][self._key, name, question] = (value,)
        return value

    def number(self: Source, name: str, question: bytes, value: float, *_: Any) -> Any:
        if not name.startswith(LEFT_OUT):
            noted[-1][self._key, name, question] = (np.array(value),)
        return value

    passed = dict.fromkeys(("check_coefficients", "check_residuals"), lambda *_, **__: None)
    with (
        mock.patch.multiple(Source, score_block=block, matrix=matrix, number=number),
        mock.patch.multiple(Policy, **passed),
        mock.patch.object(v6_cox.noise, "largest_parts", return_value=Parts(0.0, 0.0)),
    ):
        yield noted


@contextlib.contextmanager
def telling(secret: bytes) -> Iterator[Telling]:
    """Take down what the site with this secret tells."""
    found, here = Telling(secret), threading.local()
    with contextlib.ExitStack() as patches:
        for owner, name, change in (*_designs(found, here), *_calls(found, here), *_draws(found)):
            patches.enter_context(mock.patch.object(owner, name, change))
        yield found


Change = tuple[Any, str, Callable[..., Any]]


def _designs(found: Telling, here: threading.local) -> list[Change]:
    """Note how the design of a step is made."""
    whole = steps._likelihood

    def likelihood(cases: Any, about: Any, coding: Any, policy: Any, shift: Any = None) -> Any:
        here.made = (coding, None if shift is None else shift.copy())
        made = whole(cases, about, coding, policy, shift)
        if policy.secret == found.secret:
            found.columns = dict(cases.rows.columns)
            found.others = [cases.events, *cases.beside.values()]
        return made

    return [(steps, "_likelihood", likelihood)]


def _calls(found: Telling, here: threading.local) -> Iterator[Change]:
    """Note where something is told of a point."""

    def noted(before: Any, run: Callable[..., Callable[[Any], object]]) -> Any:
        def changed(self: Any, *arguments: Any) -> Any:
            policy = next(one for one in arguments if isinstance(one, Policy))
            if policy.secret == found.secret:
                found.calls.append(Call(*here.made, self, run(self, *arguments)))
            return before(self, *arguments)

        return changed

    for kind in (GLMLikelihood, CoxLikelihood):
        for name, run in RUNS.items():
            yield kind, name, noted(getattr(kind, name), run)
    yield own_fit, "_with_noise", noted(own_fit._with_noise, _own)


def _tell(_: Any, here: Any, asked: Any, policy: Policy) -> Callable[[Any], object]:
    def run(other: Any) -> None:
        told = other.tell(check(other.point(asked, policy), policy), asked, policy)
        if other.cases.question.report is not None:
            told.report(policy, PLACE)

    return run


def _quadratic(_: Any, own: Any, policy: Policy, place: Place) -> Callable[[Any], object]:
    return lambda other: other.own_quadratic(own, policy, place).told


def _whole(_: Any, labels: Any, first: Any, policy: Policy, place: Place) -> Any:
    def run(other: Any) -> None:
        evaluation = check(other.at(first.beta), policy).evaluation
        other.whole_sums(labels, replace(first, found=evaluation), policy, place)

    return run


def _opening(_: Any, labels: Any, null: Any, policy: Policy) -> Callable[[Any], object]:
    def run(other: Any) -> None:
        there = None if null is None else check(other.at(np.zeros(len(labels))), policy).evaluation
        other.opening_sums(labels, there, policy)

    return run


def _own(_: Any, beta: Array, covariance: Array, policy: Policy) -> Callable[[Any], object]:
    return lambda other: own_fit._with_noise(other, beta, covariance, policy)


RUNS: dict[str, Any] = {
    "tell": _tell,
    "own_quadratic": _quadratic,
    "whole_sums": _whole,
    "opening_sums": _opening,
}


def _draws(found: Telling) -> list[Change]:
    """Note the noise of what is told."""
    block, matrix, number = Source.score_block, Source.matrix, Source.number

    def note(source: Source, name: str, question: bytes, *noise: Any) -> None:
        if source.blur.secret == found.secret and not name.startswith(LEFT_OUT):
            found.noise[source._key, name, question] = noise

    def back(value: Array, columns: Any) -> Array:
        return np.linalg.pinv(factor_of(value, columns).root)

    def new_block(self: Source, name: str, question: bytes, scale: Any, *told: Any) -> Any:
        root = back(told[1], told[2] if len(told) > 2 else None)
        note(self, name, question, root, scale.d * scale.unit, scale.e)
        return block(self, name, question, scale, *told)

    def new_matrix(self: Source, name: str, question: bytes, e: float, *told: Any) -> Any:
        note(self, name, question, back(told[0], told[1] if len(told) > 1 else None), 0.0, e)
        return matrix(self, name, question, e, *told)

    def new_number(self: Source, name: str, question: bytes, *told: float) -> Any:
        _, size, largest = told
        sd = max(self.blur.tau * size, self.blur.floor * largest)
        if sd > 0:
            note(self, name, question, sd)
        return number(self, name, question, *told)

    return [
        (Source, "score_block", new_block),
        (Source, "matrix", new_matrix),
        (Source, "number", new_number),
    ]
