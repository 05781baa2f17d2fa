"""A site's limits in a terminal."""

from __future__ import annotations

from v6_clinical.disclosure import Policy
from v6_clinical.render.text import table
from v6_clinical.settings import PREFIX, SETTINGS


def policy(limits: Policy) -> None:
    """Print the settings in force."""
    rows = []
    for name, value in vars(limits).items():
        if PREFIX + name.upper() not in SETTINGS:
            continue  # fixed for all sites
        if isinstance(value, frozenset):
            shown = ", ".join(sorted(value)) or "none"
        else:
            shown = "every column" if value is None else str(value)
        rows.append([PREFIX + name.upper(), shown])
    table("Limits in force", ["setting", "value"], rows, left=2)
