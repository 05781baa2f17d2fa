"""Directives for tables made at build, and for files of the repository as pages.

``{arguments} cox``, ``{leaves} cox``, ``{validation} cox``, ``{remedy} RARE_LEVEL``, ``{codes}``,
``{settings}``, ``{ready}``, ``{carried} 60,100``, ``{commands}``, ``{pages} benchmarks`` stand for
markdown that the modules beside this one write, from the code itself.
Links in included files are those of the repository; ``links`` turns them.
"""

from __future__ import annotations

from collections.abc import Callable

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from . import commands, contents, links, ready, sizes, tables, validation

WRITERS: dict[str, Callable[[str], str]] = {
    "arguments": tables.arguments,
    "leaves": tables.leaves,
    "columns": tables.columns,
    "remedy": tables.remedy,
    "codes": tables.codes,
    "settings": tables.settings,
    "ready": ready.table,
    "carried": sizes.table,
    "validation": validation.table,
    "commands": commands.help_texts,
    "pages": contents.pages,
}


class Generated(SphinxDirective):
    """Markdown that the code writes about itself, in place of the directive."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Parse what the directive's writer returns."""
        subject = self.arguments[0] if self.arguments else ""
        markdown = WRITERS[self.name](subject)
        return self.parse_text_to_nodes(markdown, allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives and the turning of links."""
    for name in WRITERS:
        app.add_directive(name, Generated)
    app.connect("source-read", links.of_page)
    app.connect("include-read", links.of_included_file)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
