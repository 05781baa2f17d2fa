"""How Sphinx builds this site: ``make docs``."""

import sys
from pathlib import Path

from v6_clinical.version import __version__

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]  # the extension; reference cases

project = "v6-clinical"
author = "the v6-clinical team"
project_copyright = "the v6-clinical team, Apache-2.0"
release = version = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "extension.directives"]
nitpicky = True
# Types of other packages (their inventories would have to be fetched from the network), and names
# of our own that stand for a union of types.
nitpick_ignore_regex = [
    ("py:.*", r"(pandas|pd|numpy|np|matplotlib|pathlib|collections|docx)\..*"),
    ("py:class", "Codebook|Figure|Format|Label|Limits|Path|Show"),
]

html_theme = "furo"
html_title = f"v6-clinical {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = html_domain_indices = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "description"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False

# Tutorials run at every build, on real data; an exception ends the build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
