"""Keys of strata and times: one order, one search and one comparison for both."""

import numpy as np
import pytest

from v6_cox.kernel.keys import Keys

RNG = np.random.default_rng(5)
TIME = RNG.integers(1, 9, 60) / 8
STRATA = RNG.integers(0, 4, 60)


@pytest.mark.parametrize("stratified", [False, True])
def test_keys_sort_by_stratum_then_from_the_latest_time(stratified: bool) -> None:
    codes = STRATA if stratified else np.zeros(60, dtype=int)
    keys = Keys.of(STRATA if stratified else None, TIME)
    order = keys.order()
    pairs = [(code, -time) for code, time in zip(codes[order], TIME[order], strict=True)]
    assert pairs == sorted(pairs)
    assert not keys.in_order()
    in_order = keys.take(order)
    assert in_order.in_order()
    assert in_order.starts().sum() == len(set(pairs))
    assert in_order.search(in_order).tolist() == [pairs.index(pair) for pair in pairs]
    ends = [60 - pairs[::-1].index(pair) for pair in pairs]
    assert in_order.search(in_order, "right").tolist() == ends
    assert (in_order.steps() > 0).sum() == len(set(pairs)) - 1


def test_strata_are_those_that_were_given() -> None:
    keys, none = Keys.of(STRATA, TIME), Keys.of(None, TIME)
    assert none.strata is None
    assert keys.strata is not None
    assert (keys.strata == STRATA).all()
    assert len(keys.followed_by(keys)) == 120
    assert not keys.differ(keys).any()
    assert keys.differ(Keys.of(STRATA + 1, TIME)).all()
