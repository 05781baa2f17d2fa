"""No number of any message leaves a site that blurs as it is, but for counts that are declared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpers.blurred import FLOOR, TAU, Sites, numbers, reply
from helpers.every_option import FITS, frames
from v6_clinical.disclosure import Policy
from v6_clinical.protocol.registry import face_of, load_site

SECRETS = [bytes([k] * 32) for k in (1, 2, 3)]
POLICIES = [replace(Policy.open(), blur=TAU, blur_rows=FLOOR, secret=key) for key in SECRETS]


@pytest.mark.parametrize(
    ("analysis", "arguments"), FITS, ids=[f"{name}-{k}" for k, (name, _) in enumerate(FITS)]
)
def test_every_number_but_declared_counts_is_drawn(
    analysis: str, arguments: dict[str, Any]
) -> None:
    """Three secrets, three numbers, of each one in an answer."""
    rows = dict(enumerate(frames(), 1))
    sites = Sites(analysis, rows, POLICIES[0])
    sites.run(arguments)
    exact = load_site(face_of(analysis).package).exact
    alike = []
    for message in sites.asked[1]:
        told = [numbers(reply(analysis, message, rows[1], policy)) for policy in POLICIES]
        for name in told[0]:
            parts = name.partition("[")[0].split(" ")[0].split("/")
            first = parts[2] if parts[0] == "site" else parts[0]
            if first not in exact and len({one[name] for one in told}) == 1:
                alike.append((message["step"], name, told[0][name]))
    assert alike == []
