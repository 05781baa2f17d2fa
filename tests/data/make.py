"""Write the data sets that come with Python packages, one made up, and the splits of all sets.

From the root of the repository: ``Rscript tests/data/make.R && python tests/data/make.py``
"""

import json
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent
SMALL_SITE = 15
SEED = 20240229

Units = list[np.ndarray]  # the rows that belong together, such as one patient's


class Plan(NamedTuple):
    """What makes a data set's splits awkward."""

    event: str
    lacking_of_3: tuple[str, object] | None = None  # (column, value) the last of 3 sites lacks
    lacking_of_5: tuple[str, object] | None = None  # … and the third of 5 sites
    unit: str | None = None  # rows of one unit stay at one site


PLANS = {
    "lung": Plan("dead", ("sex", 2), ("ph.ecog", 2)),
    "gbsg2": Plan("cens", ("tgrade", "III"), ("horTh", "yes")),
    "birthwt": Plan("low", ("race3", "other"), ("race3", "white")),
    "spector": Plan("GRADE", ("PSI", 1), ("PSI", 0)),
    "fair": Plan("affair", ("rate_marriage", 1), ("children", 0)),
    "veteran": Plan("status", ("celltype", "large"), ("celltype", "squamous")),
    "rossi": Plan("arrest", ("race", 0), ("mar", 1)),
    "gehan": Plan("cens", ("treat", "6-MP"), ("treat", "control")),
    "gehan_tied": Plan("cens", ("treat", "6-MP"), ("treat", "control")),
    "colon": Plan("status", ("rx", "Lev"), ("rx", "Obs"), unit="id"),
    "colon_death": Plan("status", ("rx", "Lev"), ("rx", "Obs")),
    "heart": Plan("event", ("surgery", 1), ("transplant", 1), unit="id"),
    "pbc": Plan("dead", ("sex", "m"), ("edema", 1)),
    "separated": Plan("y"),
    "quasi_separated": Plan("y", ("group", "C"), ("group", "A")),
    "collinear": Plan("y"),
    "monotone": Plan("event", ("arm", "B"), ("arm", "A")),
    "transplant": Plan("ltx", ("abo", "AB"), ("sex", "f")),
    "quine": Plan("Days", ("Lrn", "SL"), ("Sex", "M")),
    "insurance": Plan("Claims", ("District", "D4"), ("Age", "<25")),
    "visits": Plan("event", ("arm", "C"), ("arm", "A"), unit="id"),
}


def python_sets() -> None:
    """Write the four sets that lifelines and statsmodels carry."""
    from lifelines.datasets import load_gbsg2, load_rossi
    from statsmodels.datasets import fair, spector

    rossi = load_rossi()
    i = np.arange(1, len(rossi) + 1)
    affairs = fair.load_pandas().data
    tables = {
        "gbsg2": load_gbsg2(),
        "rossi": rossi.assign(w=(1 + (7 * i) % 11) / 8, off=((5 * i) % 13 - 6) / 16),
        "spector": spector.load_pandas().data,
        "fair": affairs.assign(affair=(affairs["affairs"] > 0).astype(int)),
    }
    for name, table in tables.items():
        table.convert_dtypes(convert_string=False).to_csv(FOLDER / f"{name}.csv", index=False)


def visits() -> pd.DataFrame:
    """Return made-up periods of patients, in tenths of a year added up: tied but for rounding."""
    rng = np.random.default_rng(SEED)
    records = []
    for patient in range(150):
        time, arm = sum([0.1] * int(rng.integers(0, 11))), "ABC"[int(rng.integers(3))]
        for _ in range(int(rng.integers(1, 5))):
            start, time = time, time + 0.1 * int(rng.integers(1, 13))
            x = round(float(rng.normal()), 2)
            event = int(rng.random() < 0.3 * np.exp(0.4 * x + 0.3 * (arm == "B")))
            records.append((patient + 1, start, time, event, arm, x, "uv"[int(rng.integers(2))]))
    table = pd.DataFrame(records, columns=["id", "start", "stop", "event", "arm", "x", "ward"])
    i = np.arange(1, len(table) + 1)
    return table.assign(w=(1 + (7 * i) % 11) / 8, off=((5 * i) % 13 - 6) / 16)


def take(units: Units, rows: int) -> Units:
    """Remove units from the front until they hold that many rows; skip those too large."""
    taken, left, kept = [], rows, []
    for unit in units:
        fits = len(unit) <= left
        (taken if fits else kept).append(unit)
        left -= len(unit) if fits else 0
    units[:] = kept
    return taken


def pick(units: Units, eligible: np.ndarray, rows: int, rng: np.random.Generator) -> Units:
    """Remove units whose rows are all eligible, up to that many rows; shuffle what is left."""
    chosen = take([unit for unit in units if eligible[unit].all()], rows)
    numbers = {int(unit[0]) for unit in chosen}
    left = [unit for unit in units if int(unit[0]) not in numbers]
    units[:] = [left[i] for i in rng.permutation(len(left))]
    return chosen


def without(table: pd.DataFrame, lacking: tuple[str, object] | None) -> np.ndarray:
    """Return the rows that a site lacking a level may have."""
    if lacking is None:
        return np.ones(len(table), dtype=bool)
    column, value = lacking
    if not (table[column] == value).any():
        raise ValueError(f"nobody has {column} = {value!r}")
    return (table[column] != value).to_numpy()


def split(table: pd.DataFrame, plan: Plan) -> dict[str, list[list[int]]]:
    """Split into 1, 3 (60/30/10 %) and 5 uneven sites: the fourth small, the last eventless."""
    n = len(table)
    keys = table[plan.unit].to_numpy() if plan.unit else np.arange(n)
    rng = np.random.default_rng(SEED)
    every = [np.flatnonzero(keys == key) for key in rng.permutation(pd.unique(keys))]

    units = list(every)
    last = pick(units, without(table, plan.lacking_of_3), round(0.1 * n), rng)
    three = [take(units, round(0.6 * n)), units, last]

    units = list(every)
    eventless = pick(units, no_event(table, plan), max(3, round(0.07 * n)), rng)
    third = pick(units, without(table, plan.lacking_of_5), max(2, round(0.1 * n)), rng)
    small = take(units, min(SMALL_SITE, n // 2))
    rest = sum(map(len, units))
    five = [take(units, round(0.65 * rest)), units, third, small, eventless]
    sites = {"1": [every], "3": three, "5": five}
    return {key: [rows(site) for site in split] for key, split in sites.items()}


def no_event(table: pd.DataFrame, plan: Plan) -> np.ndarray:
    return (table[plan.event] == 0).to_numpy()


def rows(site: Units) -> list[int]:
    return sorted(int(row) for unit in site for row in unit)


def lung_extras(lung: pd.DataFrame) -> dict[str, list[list[int]]]:
    """Split lung by its real centres, and with a site where ``meal.cal`` is missing throughout."""
    centre = lung["inst"].fillna(1)
    centres = [np.flatnonzero(centre.isin(group)) for group in ([1, 2], [3, 4, 5, 6, 7, 10, 33])]
    centres.append(np.flatnonzero(~centre.isin([1, 2, 3, 4, 5, 6, 7, 10, 33])))
    missing = np.flatnonzero(lung["meal.cal"].isna())[:20]
    others = np.setdiff1d(np.arange(len(lung)), missing)
    sites = [others[others % 3 > 0], others[others % 3 == 0], missing]
    return {
        "centres": [site.tolist() for site in centres],
        "all_missing": [site.tolist() for site in sites],
    }


def main() -> None:
    python_sets()
    visits().to_csv(FOLDER / "visits.csv", index=False)
    lines = []
    for name, plan in PLANS.items():
        table = pd.read_csv(FOLDER / f"{name}.csv")
        splits = split(table, plan)
        if name == "lung":
            splits |= lung_extras(table)
        for sites in splits.values():
            if sorted(chain(*sites)) != list(range(len(table))) or not all(sites):
                raise ValueError(f"{name}: the sites are not a partition")
        inner = ",\n".join(f'  "{key}": {json.dumps(sites)}' for key, sites in splits.items())
        lines.append(f'"{name}": {{\n{inner}\n}}')
    (FOLDER / "splits.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
