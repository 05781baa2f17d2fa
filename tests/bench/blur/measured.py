"""Measured hospitals, a line each in hospitals.csv, and the table of tests/privacy/README.md."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from bench.blur.attacks import Found

RECORD = Path(__file__).parent / "hospitals.csv"
PAGE = Path(__file__).parents[2] / "privacy" / "README.md"
MARK = "<!-- ci/blur -->\n"
BAR, HALF = 0.05, 0.5
HEAD = (
    "| fit | floor | hospitals | lone patients named by search (wrongly) | more than by a guess, "
    "95 % at most | the same, begun at the truth | rows placed (guess) | bits told of held, "
    "largest |\n|---|---|---|---|---|---|---|---|\n"
)


@dataclass(frozen=True)
class Hospital:
    """What was found of one hospital: see ``attacks.Found``; counts are of lone patients."""

    kind: str
    floor: float
    number: int
    rows: int
    lone: int
    right: int
    wrong: int
    most: int
    guess: int
    placed: float
    placed_by_guess: float
    told: float
    held: float

    @classmethod
    def of(cls, kind: str, floor: float, number: int, found: Found) -> Hospital:
        """Return the line of an attacked hospital."""
        attack, guess = found.attack, found.guess
        counts = (attack.lone, attack.right, attack.wrong, found.most.right, guess.right)
        placed = round(attack.placed, 3), round(guess.placed, 3)
        bits = round(found.told, 2), round(found.held, 2)
        return cls(kind, floor, number, found.n, *counts, *placed, *bits)

    def gain(self, by: str) -> float:
        """Return the share of lone patients named beyond a guess, by ``right`` or ``most``."""
        return (getattr(self, by) - self.guess) / max(self.lone, 1)


def recorded(path: Path = RECORD) -> list[Hospital]:
    """Read what has been measured."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [
            Hospital(row["kind"], *(_number(row[f.name]) for f in fields(Hospital)[1:]))
            for row in csv.DictReader(file)
        ]


def _number(text: str) -> int | float:
    return int(text) if text.isdigit() else float(text)


def add(hospital: Hospital, path: Path = RECORD) -> None:
    """Write a line at once: a measurement that is stopped goes on from there."""
    new = not path.exists()
    with path.open("a", newline="") as file:
        lines = csv.DictWriter(file, [f.name for f in fields(Hospital)], lineterminator="\n")
        if new:
            lines.writeheader()
        lines.writerow(asdict(hospital))


def groups(found: Sequence[Hospital]) -> Iterator[list[Hospital]]:
    """Yield the hospitals of each kind and floor, shipped floor first."""
    keys = dict.fromkeys((-one.floor, one.kind) for one in found)
    for floor, kind in sorted(keys, key=lambda key: key[0]):
        yield [one for one in found if (one.kind, one.floor) == (kind, -floor)]


def at_most(group: Sequence[Hospital], by: str) -> float:
    """Return the upper 95 % bound of the share that is named beyond a guess."""
    gain = np.array([one.gain(by) for one in group])
    return float(gain.mean() + 1.96 * gain.std(ddof=1) / len(gain) ** 0.5)


def worst(group: Sequence[Hospital]) -> Hospital:
    """Return the hospital of which most bits are told."""
    return max(group, key=lambda one: one.told / one.held)


def holds(group: Sequence[Hospital]) -> bool:
    """Tell whether a kind holds the bars, by search."""
    most = worst(group)
    return at_most(group, "right") < BAR and most.told < HALF * most.held


def line(group: Sequence[Hospital]) -> str:
    """Return a kind's row of the table."""
    lone, right, wrong = (sum(getattr(o, key) for o in group) for key in ("lone", "right", "wrong"))
    placed, guess = (np.mean([getattr(o, k) for o in group]) for k in ("placed", "placed_by_guess"))
    most, first = worst(group), group[0]
    return (
        f"| {first.kind} | {first.floor:g} | {len(group)} | {right} of {lone} ({wrong}) | "
        f"{at_most(group, 'right'):.3f} | {at_most(group, 'most'):.3f} | "
        f"{placed:.2f} ({guess:.2f}) | {most.told:.0f} of {most.held:.0f} |"
    )


def table(found: Sequence[Hospital]) -> str:
    """Return the table of the page."""
    return HEAD + "\n".join(line(group) for group in groups(found)) + "\n"


def written(page: str, found: Sequence[Hospital]) -> str:
    """Return the page with its table made of what has been measured."""
    before, _, after = page.split(MARK)
    return f"{before}{MARK}{table(found)}{MARK}{after}"
