"""A site's limits in a terminal."""

from __future__ import annotations

from typing import Any

from v6_clinical.disclosure import Policy
from v6_clinical.secure.peers import Peers
from v6_clinical.settings import MEANINGS, PREFIX, SETTINGS
from v6_clinical.terminal.render.text import Screen


def policy(limits: Policy) -> None:
    """Print the settings in force; of a hidden one, whether it is set."""
    rows = []
    for name, value in vars(limits).items():
        setting = PREFIX + name.upper()
        if setting in SETTINGS:  # others are fixed for all sites
            rows.append([setting, _shown(setting, value), MEANINGS[setting]])
    Screen().table("Limits in force", ["setting", "value", "meaning"], rows, left=3)


def _shown(setting: str, value: Any) -> str:
    if isinstance(value, Peers):
        return f"{len(value.ids)} organisations"
    if SETTINGS[setting].hidden:
        return "not set" if value is None else "set"
    if value is None:
        return "every request" if setting == "V6C_ALLOWED_REQUESTS" else "every column"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
