"""Which factors drop their reference: full rank by structure, as R, patsy and formulaic do it.

A categorical factor a spans 1 + a-, where a- lacks the reference. A term spans the product of its
factors' spans; what earlier terms span is taken away, and what is left is put together again by
(rest) + (rest):a- = (rest):a. The outcome depends on the formula and on which columns are
categorical, not on any level, so every site and the centre come to the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple, TypeAlias

from v6_clinical.model.factors import Factor, is_numeric
from v6_clinical.model.terms import Term


class Scoped(NamedTuple):
    """A factor within a product; ``reduced`` if its reference is dropped."""

    factor: Factor
    reduced: bool


Product: TypeAlias = tuple[Scoped, ...]


def full_rank(
    terms: Sequence[Term], categorical: Collection[str], intercept: bool
) -> Iterator[tuple[Term, Product]]:
    """Yield the products of each term in the order of their columns, the intercept left out.

    Parameters
    ----------
    categorical
        Names of the columns with levels.
    """
    spanned: set[frozenset[Scoped]] = {frozenset()} if intercept else set()
    for term in terms:
        span = {frozenset(scoped): scoped for scoped in _span(term, categorical)}
        new = [scoped for key, scoped in span.items() if key not in spanned]
        spanned.update(span)
        for scoped in _merge(new):
            yield term, scoped


def _span(term: Term, categorical: Collection[str]) -> Iterator[Product]:
    """Yield every product that a term spans, the term itself first."""
    choices: list[tuple[Scoped | None, ...]] = [
        (Scoped(factor, False),)
        if is_numeric(factor, categorical)
        else (Scoped(factor, True), None)
        for factor in term.factors
    ]
    for chosen in product(*choices):
        yield tuple(scoped for scoped in chosen if scoped is not None)


def _merge(products: Iterable[Product]) -> list[Product]:
    """Return fewer products that span the same, smaller ones first."""
    merged: list[Product] = []
    for scoped in sorted(products, key=len):
        partner = next((found for found in merged if _extra(found, scoped)), None)
        if partner is None:
            if frozenset(scoped) not in map(frozenset, merged):
                merged.append(scoped)
            continue
        extra = _extra(partner, scoped)
        widened = tuple(Scoped(one.factor, one.reduced and one != extra) for one in scoped)
        merged = _merge([*(found for found in merged if found != partner), widened])
    return merged


def _extra(smaller: Product, larger: Product) -> Scoped | None:
    """Return the reduced factor by which the larger product exceeds the smaller, if just one."""
    if len(larger) != len(smaller) + 1:
        return None
    extra = set(larger) - set(smaller)
    one = extra.pop()
    return one if not extra and one.reduced else None
