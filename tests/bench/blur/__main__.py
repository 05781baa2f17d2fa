"""Measure what honest fits of drawn hospitals give away; with ``--record``, write the table.

``ci/blur`` draws a few hospitals for each kind of fit and fails where the bar is not held;
``ci/blur --record`` draws 100, at each floor, and writes tests/privacy/README.md's table.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path

import numpy as np

from bench.blur.attacks import ATTACKS, Found
from v6_clinical.disclosure import Policy

PAGE = Path(__file__).parents[2] / "privacy" / "README.md"
FLOORS = (0.05, 0.1, 0.15, 0.25)
BAR, HALF = 0.05, 0.5
SEED = 17
HEAD = (
    "| fit | floor | hospitals | lone patients named by search (wrongly) | more than by a guess, "
    "95 % at most | the same, begun at the truth | rows placed (guess) | bits told of held, "
    "largest |\n|---|---|---|---|---|---|---|---|\n"
)


def main() -> int:
    """Measure, print, and record."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--record", action="store_true", help="write the table anew")
    words.add_argument("--hospitals", type=int, default=0)
    words.add_argument("--floors", type=float, nargs="*")
    asked = words.parse_args()
    shipped = Policy().blur_rows or 0.25
    count = asked.hospitals or (100 if asked.record else 12)
    floors = asked.floors or (FLOORS if asked.record else (shipped,))
    rows, failed = [], []
    for name in ATTACKS:
        for floor in floors:
            started = time.monotonic()
            found = list(ATTACKS[name](name, count, SEED, {"blur": 0.01, "blur_rows": floor}))
            row, held = line(name, floor, found)
            print(f"{row}  {time.monotonic() - started:.0f} s", flush=True)
            rows.append(row)
            if not held and floor == shipped and count >= 100:
                failed.append(name)
    if asked.record:
        write(HEAD + "\n".join(rows))
    for name in failed:
        print(f"{name}: the bar is not held at the shipped floor", file=sys.stderr)
    return int(bool(failed))


def line(name: str, floor: float, found: list[Found]) -> tuple[str, bool]:
    """Return a row of the table, and whether it holds the bars."""
    upper, most = (at_most(found, key) for key in ("attack", "most"))
    lone = sum(one.attack.lone for one in found)
    right, wrong = (sum(getattr(one.attack, key) for one in found) for key in ("right", "wrong"))
    placed, guess = (
        float(np.mean([getattr(one, key).placed for one in found])) for key in ("attack", "guess")
    )
    worst = max(found, key=lambda one: one.told / one.held)
    row = (
        f"| {name} | {floor:g} | {len(found)} | {right} of {lone} ({wrong}) | {upper:.3f} | "
        f"{most:.3f} | "
        f"{placed:.2f} ({guess:.2f}) | {worst.told:.0f} of {worst.held:.0f} |"
    )
    return row, max(upper, most) < BAR and worst.told < HALF * worst.held


def at_most(found: list[Found], key: str) -> float:
    """Return the upper 95 % bound of the share that is named beyond a guess."""
    gain = np.array([getattr(one, key).share - one.guess.share for one in found])
    return float(gain.mean() + 1.96 * gain.std(ddof=1) / len(gain) ** 0.5)


def write(table: str) -> None:
    """Put the table in its place on the page."""
    page = PAGE.read_text()
    mark = "<!-- ci/blur -->\n"
    assert page.count(mark) == 2, "the page has no place for the table"
    PAGE.write_text(re.sub(f"{mark}.*?{mark}", f"{mark}{table}\n{mark}", page, flags=re.DOTALL))


if __name__ == "__main__":
    sys.exit(main())
