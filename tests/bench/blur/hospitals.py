"""Hospitals of 30 to 200 rows drawn from real data, and what their sites tell in honest fits."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers.blur_decoder import Draws, Table, taken_down
from helpers.blur_models import design_of, natural, polynomial, secret
from v6_clinical.disclosure import Policy
from v6_clinical.numerics.arrays import Array
from v6_clinical.platforms import local

DATA = Path(__file__).parents[2] / "data"
SMALLEST, LARGEST = 30, 200


@cache
def registries() -> dict[str, pd.DataFrame]:
    """Return the data that hospitals are drawn from: whole numbers, complete rows, outcome y."""
    birth = pd.read_csv(DATA / "birthwt.csv").rename(columns={"low": "y"})
    birth["b"], birth["c"] = birth["smoke"], birth["ui"]
    lung = pd.read_csv(DATA / "lung.csv").dropna(subset=["ph.ecog"])
    lung["y"], lung["b"] = lung["dead"], lung["sex"] - 1
    lung["c"] = (lung["ph.ecog"] > 0).astype(int)
    breast = pd.read_csv(DATA / "gbsg2.csv")
    breast["y"], breast["b"] = breast["cens"], (breast["horTh"] == "yes").astype(int)
    breast["c"] = (breast["menostat"] == "Post").astype(int)
    colon = pd.read_csv(DATA / "colon_death.csv").rename(columns={"status": "y"})
    colon["b"], colon["c"] = colon["sex"], colon["node4"]
    columns = ["age", "b", "c", "y"]
    found = {"birthwt": birth[columns]}
    found["lung"] = lung[[*columns, "time"]]
    found["gbsg2"], found["colon"] = breast[[*columns, "time"]], colon[[*columns, "time"]]
    return {name: frame.astype(int).reset_index(drop=True) for name, frame in found.items()}


@dataclass(frozen=True)
class Fit:
    """A logistic model of y: its predictors as they are asked for, and its design."""

    predictors: tuple[str, ...]
    columns: Callable[[dict[str, Array], Sequence[int]], list[Array]]


def _with_products(one: list[Array], other: Array) -> list[Array]:
    return [*one, other, *(column * other for column in one)]


KNOTS = "ns(age, knots=[{1}, {2}], lower={0}, upper={3})"
PLAIN = Fit(("age", "b"), lambda c, _: [c["age"], c["b"]])
WIDER = Fit(("age", "b", "c"), lambda c, _: [c["age"], c["b"], c["c"]])
OTHER = Fit(("age", "c"), lambda c, _: [c["age"], c["c"]])
INTERACTION = Fit(("age * b",), lambda c, _: [c["age"], c["b"], c["age"] * c["b"]])
SQUARE = Fit(("age + I(age**2)", "b"), lambda c, _: [*polynomial(c["age"], 2), c["b"]])
SPLINE = Fit((KNOTS, "b"), lambda c, k: [*natural(c["age"], k), c["b"]])
BENT = Fit((KNOTS,), lambda c, k: natural(c["age"], k))
PRODUCT = Fit(
    ("ns(age, knots=[{1}], lower={0}, upper={3}) * b",),
    lambda c, k: _with_products(natural(c["age"], (k[0], k[1], k[3])), c["b"]),
)
SQUARES = Fit(
    ("(age + I(age**2)) * b",), lambda c, _: _with_products(polynomial(c["age"], 2), c["b"])
)
KINDS = {
    "few columns": (WIDER,),
    "interaction": (INTERACTION,),
    "square": (SQUARE,),
    "spline": (SPLINE,),
    "spline in a product": (PRODUCT,),
    "square in a product": (SQUARES,),
    "six fits": (PLAIN, WIDER, OTHER, INTERACTION, SQUARE, BENT),
    "Cox": (PLAIN,),
    "Cox, interaction": (INTERACTION,),
    "Cox, spline": (SPLINE,),
}
# Products with a function of a number are accepted from 25 rows a parameter on: sites just above.
SIZES = {"spline in a product": (238, 285), "square in a product": (238, 285)}


@dataclass(frozen=True)
class Hospital:
    """A site's rows, those of its partner, and the knots of the whole registry."""

    registry: str
    own: pd.DataFrame
    others: pd.DataFrame
    knots: tuple[int, ...]

    @classmethod
    def drawn(
        cls,
        rng: np.random.Generator,
        needs: str | None = None,
        sizes: tuple[int, int] = (SMALLEST, LARGEST),
    ) -> Hospital:
        """Return a hospital of 30 to 200 rows, or of these sizes, of a registry at random.

        The registry has room for a partner of that size at least, which has the rest of it.
        """
        least, most = sizes
        names = [n for n, f in registries().items() if needs is None or needs in f]
        name = str(rng.choice([n for n in names if len(registries()[n]) >= 2 * least]))
        frame = registries()[name]
        n = int(rng.integers(least, min(most, len(frame) - least) + 1))
        rows = rng.choice(len(frame), n, replace=False)
        knots = np.unique(np.round(np.quantile(frame["age"], [0.05, 0.35, 0.65, 0.95])))
        own = frame.iloc[rows].reset_index(drop=True)
        return cls(
            name,
            own,
            frame.drop(index=rows.tolist()).reset_index(drop=True),
            tuple(map(int, knots)),
        )

    def table(self, names: Sequence[str]) -> Table:
        """Return the site's rows as codes of these columns."""
        return Table.of(names, [self.own[name].to_numpy() for name in names])


def told_of(
    hospital: Hospital, kind: str, policy: dict[str, Any], **arguments: Any
) -> Draws | None:
    """Return what the site draws in one analysis; None where it, or a partner, is refused."""
    policies = [Policy(**policy, secret=secret(number)) for number in (1, 2)]
    with taken_down(secret(1)) as draws:
        found = local.run(kind, [hospital.own, hospital.others], arguments, policy=policies)
    code = (found["error"] or {}).get("code")
    if code in ("BAD_REQUEST", "INTERNAL", "BAD_ANSWER"):
        raise AssertionError(found["error"])
    return draws if code is None or code in RAN else None


# The sites have answered; the centre could not finish.
RAN = frozenset({"NOT_CONVERGED", "SEPARATION", "SINGULAR"})


def hospitals(
    kind: str, seed: int, policy: dict[str, Any], after: int = -1
) -> Iterator[tuple[int, Hospital, list[Draws]]]:
    """Yield drawn hospitals whose limits accept all fits of a kind, with what they tell.

    Each has a number, from the one after ``after`` on, which draws it alone.
    """
    analysis = "cox" if kind.startswith("Cox") else "logistic"
    needs = "time" if analysis == "cox" else None
    for number in itertools.count(after + 1):
        rng = np.random.default_rng([seed, number])
        hospital = Hospital.drawn(rng, needs, SIZES.get(kind, (SMALLEST, LARGEST)))
        told: list[Draws] = []
        for fit in KINDS[kind]:
            one = told_of(hospital, analysis, policy, **asked(hospital, analysis, fit))
            if one is None or not one.blocks:
                break
            told.append(one)
        else:
            yield number, hospital, told


def asked(hospital: Hospital, analysis: str, fit: Fit) -> dict[str, Any]:
    """Return the arguments of a fit."""
    formula = " + ".join(text.format(*hospital.knots) for text in fit.predictors)
    if analysis == "cox":
        return {"time": "time", "event": "y", "formula": formula}
    return {"outcome": "y", "formula": formula}


def designs(hospital: Hospital, fit: Fit, cells: dict[str, Array]) -> tuple[Array, Array]:
    """Return the design of the site's rows and of all cells, columns on one scale."""
    own = {name: hospital.own[name].to_numpy() for name in cells}
    site, every = (design_of(fit.columns(c, hospital.knots)) for c in (own, cells))
    size = np.maximum(np.abs(site).max(axis=0), 1.0)
    return site / size, every / size
