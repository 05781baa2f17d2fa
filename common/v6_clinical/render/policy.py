"""A site's limits in a terminal."""

from __future__ import annotations

from v6_clinical.disclosure import Policy
from v6_clinical.render.text import table
from v6_clinical.settings import PREFIX, SETTINGS

# What a setting limits, in the order of PRIVACY.md's rules.
MEANINGS = {
    "V6C_MIN_ROWS": "least rows behind any answer",
    "V6C_MIN_CELL": "least rows of a published count, level, event or group",
    "V6C_MAX_PARAMETERS_PER_ROW": "most parameters of a model for each row",
    "V6C_MAX_LEVELS": "most labels of a categorical column",
    "V6C_ALLOWED_COLUMNS": "columns that may be used; empty allows none",
    "V6C_DENIED_COLUMNS": "columns that may not be used",
    "V6C_ALLOW_PER_SITE": "results of the site's own leave it",
    "V6C_ALLOW_MIN_MAX": "extremes leave the site",
    "V6C_ALLOW_EVENT_TIMES": "event times leave the site (Cox regression, baseline=exact)",
    "V6C_ALLOW_SMALL_MISSING": "sets that differ by few incomplete rows may be published",
    "V6C_ALLOW_PREPROCESSING": "the analyst may filter rows (4.x)",
    "V6C_ALLOWED_QUERIES": "sha256 of queries that the analyst may use",
    "V6C_TIME_GRID": "steps of curves over time",
    "V6C_ROUND_TIMEOUT": "seconds that the central side waits for a round",
}


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
    table("Limits in force", ["setting", "value", "meaning"], rows, left=3)
