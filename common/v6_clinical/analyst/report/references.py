"""The literature that all methods paragraphs cite, and its numbering in order of use.

What one analysis cites stands in its face.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SHARED: Final = {
    "disclosure": "Hundepool A, Domingo-Ferrer J, Franconi L, et al. Statistical disclosure "
    "control. Chichester: Wiley; 2012.",
    "heterogeneity": "Higgins JPT, Thompson SG. Quantifying heterogeneity in a meta-analysis. Stat "
    "Med 2002;21:1539–58.",
    "ridge": "Hoerl AE, Kennard RW. Ridge regression: biased estimation for nonorthogonal "
    "problems. Technometrics 1970;12:55–67.",
    "splines": "de Boor C. A practical guide to splines. New York: Springer; 1978.",
    "tau2": "DerSimonian R, Laird N. Meta-analysis in clinical trials. Control Clin Trials "
    "1986;7:177–88.",
    "vantage6": "Moncada-Torres A, Martin F, Sieswerda M, Van Soest J, Geleijnse G. VANTAGE6: an "
    "open source priVAcy preserviNg federaTed leArninG infrastructurE for Secure Insight eXchange. "
    "AMIA Annu Symp Proc 2020;2020:870–7.",
}


class Citations:
    """Numbers of references, in the order in which they are first cited.

    Parameters
    ----------
    references
        Key to reference, beside the shared ones.
    """

    def __init__(self, references: Mapping[str, str]) -> None:
        self._known = {**SHARED, **references}
        self._cited: list[str] = []

    def __call__(self, *keys: str) -> str:
        """Return ``[1]`` or ``[1,2]``; citing the same again gives the same number."""
        self._cited += [key for key in keys if key not in self._cited]
        return f"[{','.join(str(self._cited.index(key) + 1) for key in keys)}]"

    @property
    def entries(self) -> list[str]:
        """The references cited, in the order of their numbers."""
        return [self._known[key] for key in self._cited]
