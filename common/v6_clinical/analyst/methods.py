"""What a federation offers of any analysis, also of one that no generated method is for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from v6_clinical.analyst.arguments import given
from v6_clinical.analyst.result import Result
from v6_clinical.protocol.registry import UnknownMethodError, face_of


class Methods(ABC):
    """Analyses by name."""

    @abstractmethod
    def run(self, analysis: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Run an analysis by name; return its envelope if it is completed.

        Raises
        ------
        v6_clinical.analyst.AnalysisError
            If it is not: code, sites and remedy.
        """

    def _result(self, analysis: str, /, **arguments: Any) -> Result:
        from v6_clinical.analyst.saved import result_of

        return result_of(self.run(analysis, given(arguments)))

    if not TYPE_CHECKING:  # a type checker knows the generated methods only

        def __getattr__(self, name: str) -> Callable[..., Result]:
            """Return the method of an installed analysis, by its short name or method name."""
            if name.startswith("_"):
                raise AttributeError(name)
            try:
                face = face_of(name)
            except UnknownMethodError as error:
                raise AttributeError(str(error)) from None
            method = partial(self._result, face.short)
            method.__doc__ = face.about
            return method

        def __dir__(self) -> list[str]:
            """Name the analyses too."""
            from v6_clinical.protocol.registry import methods

            return sorted({*super().__dir__(), *methods()})
