"""A site's limits in a terminal."""

from __future__ import annotations

from v6_clinical.disclosure import Policy
from v6_clinical.settings import MEANINGS, PREFIX, SETTINGS
from v6_clinical.terminal.render.text import Screen


def policy(limits: Policy) -> None:
    """Print the settings in force."""
    rows = []
    for name, value in vars(limits).items():
        setting = PREFIX + name.upper()
        if setting not in SETTINGS:
            continue  # fixed for all sites
        if isinstance(value, frozenset):
            shown = ", ".join(sorted(value)) or "none"
        else:
            words = {None: "every column", True: "yes", False: "no"}
            shown = words[value] if value is None or isinstance(value, bool) else str(value)
        rows.append([setting, shown, MEANINGS[setting]])
    Screen().table("Limits in force", ["setting", "value", "meaning"], rows, left=3)
