"""Pages that other programs write, such as ``ci/bench``: listed if they are there."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).parents[1]


def pages(folder: str) -> str:
    """Return the table of contents of a folder, its index first; nothing if it has no page."""
    found = sorted((DOCS / folder).glob("*.md"), key=lambda page: (page.stem != "index", page.stem))
    if not found:
        return ""
    names = "\n".join(f"{folder}/{page.stem}" for page in found)
    return f"```{{toctree}}\n:hidden:\n:caption: {folder.capitalize()}\n\n{names}\n```"
