"""Links between files of the repository, turned into links between pages of this site."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# File of the repository -> page that shows it.
PAGES = {
    "PRIVACY.md": "privacy",
    "SECURITY.md": "security",
    "CONTRIBUTING.md": "contributing",
    "CHANGELOG.md": "changelog",
    "README.md": "index",
    "algorithms/README.md": "start/developer",
    "algorithms/v6_summary/README.md": "analyses/summary",
    "algorithms/v6_logistic/README.md": "analyses/logistic",
    "algorithms/v6_cox/README.md": "analyses/cox",
    "algorithms/v6_glm/README.md": "analyses/glm",
    "algorithms/v6_summary/LIMITS.md": "analyses/summary-limits",
    "algorithms/v6_logistic/LIMITS.md": "analyses/logistic-limits",
    "algorithms/v6_cox/LIMITS.md": "analyses/cox-limits",
    "algorithms/v6_glm/LIMITS.md": "analyses/glm-limits",
}
_LINK = re.compile(r"\[([^\[\]]+)\]\(([\w./-]+)(#[^()\s]*)?\)")


def turn(text: str, folder: str) -> str:
    """Return markdown whose links to files of the repository lead to pages, where there are any.

    Parameters
    ----------
    text
        Markdown of a file of the repository.
    folder
        The file's folder, from the root of the repository, with ``/``.

    Returns
    -------
    str
        A link to a file that is no page of this site becomes its text: nothing leads nowhere.
    """

    def replace(match: re.Match[str]) -> str:
        name, target, anchor = match.groups()
        path = posixpath.normpath(posixpath.join(folder, target))
        if path in PAGES:
            return f"[{name}](/{PAGES[path]}.md{anchor or ''})"
        if path.startswith("docs/"):
            return f"[{name}](/{path.removeprefix('docs/')}{anchor or ''})"
        return name if name.startswith("`") else f"{name} (`{path}`)"

    return _LINK.sub(replace, text)


def of_page(app: Sphinx, docname: str, content: list[str]) -> None:
    """Turn the links of a page's own source."""
    folder = posixpath.join("docs", posixpath.dirname(docname))
    content[0] = turn(content[0], folder)


def of_included_file(
    app: Sphinx, relative_path: PurePath, parent_docname: str, content: list[str]
) -> None:
    """Turn the links of a file of the repository that a page includes."""
    path = posixpath.normpath(posixpath.join("docs", relative_path.as_posix()))
    content[0] = turn(content[0], posixpath.dirname(path))
