"""Find an analysis by the name of its package: the contract of one folder in ``algorithms/``.

``<package>.analysis`` offers ``NAME``, ``REQUEST`` (a pydantic model) and ``analyse(request)``;
``<package>.site`` offers ``STEPS`` (name to site step) and ``LEAVES`` (what each step sends).
Both sides load apart, so that a partial never imports what only the centre needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from v6_clinical.protocol.analysis import Analysis, SiteStep

if TYPE_CHECKING:
    from v6_clinical.protocol.request import Request

PACKAGES = {"summary": "v6_summary", "logistic": "v6_logistic", "cox": "v6_cox"}


@dataclass(frozen=True)
class Central:
    """The central side of an analysis."""

    name: str
    request: type[Request]
    analyse: Callable[[Request], Analysis]


@dataclass(frozen=True)
class Site:
    """The site side of an analysis: steps, and for each step {number: what it is}."""

    name: str
    steps: Mapping[str, SiteStep]
    leaves: Mapping[str, Mapping[str, str]]


def load_central(package: str) -> Central:
    """Import the central side."""
    module = import_module(f"{package}.analysis")
    return Central(module.NAME, module.REQUEST, module.analyse)


def load_site(package: str) -> Site:
    """Import the site side."""
    module = import_module(f"{package}.site")
    return Site(module.NAME, module.STEPS, module.LEAVES)
