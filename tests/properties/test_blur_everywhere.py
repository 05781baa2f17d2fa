"""No number of any message leaves a site that blurs as it is, but for counts that are declared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.blurred import FLOOR, TAU, Sites, numbers, reply
from helpers.every_option import FITS, frames
from v6_clinical.disclosure import Policy
from v6_clinical.protocol.registry import face_of, load_site

SECRETS = [bytes([k] * 32) for k in (1, 2, 3, 4)]
POLICIES = [replace(Policy.open(), blur=TAU, blur_rows=FLOOR, secret=key) for key in SECRETS]


OF_COUNTS = ("null_sites",)  # a log-likelihood that follows from how many rows and events there are


def rows_of_sites() -> dict[int, pd.DataFrame]:
    """Return the rows of three sites; no sum of a column that is measured is a whole number."""
    measured = ["age", "tsize", "time", "begin"]
    return {
        number: frame.assign(**{name: frame[name] * 1.0137 for name in measured})
        for number, frame in enumerate(frames(), 1)
    }


@pytest.mark.parametrize(
    ("analysis", "arguments"), FITS, ids=[f"{name}-{k}" for k, (name, _) in enumerate(FITS)]
)
def test_every_number_but_counts_is_drawn(analysis: str, arguments: dict[str, Any]) -> None:
    """Four secrets, four numbers; what is the same under all is whole, or declared exact."""
    rows = rows_of_sites()
    sites = Sites(analysis, rows, POLICIES[0])
    sites.run(arguments)
    exact = load_site(face_of(analysis).package).exact | set(OF_COUNTS)
    held: dict[tuple[str, str], list[bool]] = {}
    for message in sites.asked[1]:
        told = [numbers(reply(analysis, message, rows[1], policy)) for policy in POLICIES]
        for name in set.intersection(*map(set, told)):  # one draw may leave no own estimates
            value = told[0][name]
            whole = name.partition("[")[0].split(" ")[0]
            parts = whole.split("/")
            first = parts[2] if parts[0] == "site" else parts[0]
            if first not in exact and not value.is_integer():
                alike = len({one[name] for one in told}) == 1
                held.setdefault((message["step"], whole), []).append(alike)
    # a point of a curve is told to three digits: some come out the same
    most = {name: 0.2 if "curves" in name[1] else 0.0 for name in held}
    assert [name for name, alike in held.items() if np.mean(alike) > most[name]] == []
