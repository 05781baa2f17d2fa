"""What an analysis tells about itself, in the file ``face.py`` beside it.

The registry finds faces by a scan; the analyst's layer, the command line, the stores' JSON, the
entry modules and the documentation ask them, and know no analysis by name.
"""

from v6_clinical.face.contract import Cite, Effect, Face, Page, Record, Table

__all__ = ["Cite", "Effect", "Face", "Page", "Record", "Table"]
