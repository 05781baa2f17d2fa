"""Measure what honest fits of drawn hospitals give away; with ``--record``, write the table.

``ci/blur`` draws a few hospitals for each kind of fit and fails where bits told reach half of
those held. ``ci/blur --record`` goes on with tests/bench/blur/hospitals.csv, a line for each
hospital as it is measured, until there are 100 of each kind and floor, writes the table of
tests/privacy/README.md, and fails where a kind misses the bar at the shipped floor. It can be
stopped at any time. Delete the lines of what is to be measured anew.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Iterator

from bench.blur.attacks import ATTACKS
from bench.blur.measured import PAGE, Hospital, add, groups, holds, line, recorded, written
from v6_clinical.disclosure import Policy

TAU, SEED = 0.01, 17
FLOORS = (0.25, 0.15)
MANY, FEW = 100, 12


def main() -> int:
    """Measure, print, and record."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--record", action="store_true", help="go on with the record")
    words.add_argument("--hospitals", type=int, default=0)
    words.add_argument("--floors", type=float, nargs="*")
    words.add_argument("--kinds", nargs="*", choices=list(ATTACKS), default=list(ATTACKS))
    asked = words.parse_args()
    shipped = Policy().blur_rows
    count = asked.hospitals or (MANY if asked.record else FEW)
    floors = asked.floors or (FLOORS if asked.record else (shipped,))
    known = recorded() if asked.record else []
    for floor, kind in itertools.product(floors, asked.kinds):
        started = time.monotonic()
        group = [one for one in known if (one.kind, one.floor) == (kind, floor)]
        for one in measured(kind, floor, count, group):
            known.append(one)
            if asked.record:
                add(one)
        group = [one for one in known if (one.kind, one.floor) == (kind, floor)]
        print(f"{line(group)}  {time.monotonic() - started:.0f} s", flush=True)
    if asked.record:
        PAGE.write_text(written(PAGE.read_text(), known))
    failed = [
        group[0].kind
        for group in groups(known)
        if group[0].floor == shipped and len(group) >= MANY and not holds(group)
    ]
    for name in failed:
        print(f"{name}: the bar is not held at the shipped floor", file=sys.stderr)
    return int(bool(failed))


def measured(kind: str, floor: float, count: int, known: list[Hospital]) -> Iterator[Hospital]:
    """Yield the hospitals that are lacking."""
    after = max((one.number for one in known), default=-1)
    policy = {"blur": TAU, "blur_rows": floor}
    found = ATTACKS[kind](kind, SEED, policy, after)
    for number, one in itertools.islice(found, max(count - len(known), 0)):
        yield Hospital.of(kind, floor, number, one)


if __name__ == "__main__":
    sys.exit(main())
