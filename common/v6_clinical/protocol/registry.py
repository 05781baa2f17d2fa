"""Find analyses by a scan: every installed package ``v6_*`` with a module ``face`` is one.

``<package>.face`` offers ``FACES``, one :class:`Face` a method; an image may hold several methods.
``<package>.analysis``, or the module that a face names, offers ``REQUEST`` (a pydantic model) and
``analyse(request)``. ``<package>.site`` offers ``STEPS`` (name to site step) and ``LEAVES`` (what
each step sends). All three load apart: a partial never imports what only the
centre needs, and a face imports nothing heavy.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from v6_clinical.face.contract import Face

if TYPE_CHECKING:
    from v6_clinical.protocol.analysis import Analysis, SiteStep
    from v6_clinical.protocol.question import Question
    from v6_clinical.protocol.request import Request

PREFIX = "v6_"
OURS = "v6_clinical"


@dataclass(frozen=True)
class Leaves:
    """What an analysis's sites send.

    Attributes
    ----------
    steps
        By step: the first part of each name, and what it is.
    counts
        First parts of names whose numbers count something.
    squares
        Of names whose numbers, of a form those on the diagonal, are never negative.
    levels
        Of tallies whose labels are a column's levels.
    exact
        Of what has no noise, whatever the site's blur: counts, levels and cells with limits of
        their own.
    """

    steps: Mapping[str, Mapping[str, str]]
    counts: frozenset[str] = frozenset()
    squares: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Central:
    """The central side of a method, and what the sites of its package send.

    ``standing`` returns what is the same in the questions of a request, a part for each kind of
    question, see ``protocol.agreed``; None where the module says nothing of it. ``site`` is the
    name of the site side.
    """

    name: str
    request: type[Request]
    analyse: Callable[[Request], Analysis]
    leaves: Leaves
    standing: Callable[[Request], Sequence[Any]] | None = None
    site: str = ""


@dataclass(frozen=True)
class Site:
    """The site side of a package: steps, for each step {number: what it is}, and what is exact.

    ``questions`` are the classes that the steps read, where the package says so. ``package`` holds
    the central side too, which a site follows where it checks what it is asked.
    """

    name: str
    steps: Mapping[str, SiteStep]
    leaves: Mapping[str, Mapping[str, str]]
    exact: frozenset[str] = frozenset()
    questions: Mapping[str, type[Question]] = field(default_factory=dict)
    package: str = ""


class UnknownMethodError(ValueError):
    """No installed analysis has this name; the message names those that there are."""


def methods() -> dict[str, Face]:
    """Return the face of each installed method by its short name, in the order of names.

    Raises
    ------
    ValueError
        If two methods have one name.
    """
    return dict(_methods(tuple(sys.path)))


def packages() -> tuple[str, ...]:
    """Return the package of each installed analysis, each of which is one image."""
    return tuple(dict.fromkeys(face.package for face in methods().values()))


def face_of(name: str) -> Face:
    """Return the face of a method, by its short name or its method name.

    Raises
    ------
    UnknownMethodError
        If no installed analysis has this name.
    """
    found = _named(name)
    if found is None:
        _methods.cache_clear()  # it may have been installed in the meantime
        found = _named(name)
    if found is None:
        known = ", ".join(methods())
        raise UnknownMethodError(f"there is no analysis {name!r}; installed are {known}")
    return found


def faces(package: str) -> tuple[Face, ...]:
    """Return the faces of one package, without a scan."""
    found: tuple[Face, ...] = import_module(f"{package}.face").FACES
    return found


def load_central(name: str) -> Central:
    """Import the central side of a method.

    Parameters
    ----------
    name
        The method's short name or method name, or the package if that has one method only.

    Raises
    ------
    UnknownMethodError
        If no installed analysis has this name, or the package has several methods.
    """
    if not name.startswith(PREFIX):
        return load_method(face_of(name))
    found = faces(name)
    if len(found) != 1:
        known = ", ".join(face.method for face in found)
        raise UnknownMethodError(f"package {name} has the methods {known}: name one")
    return load_method(found[0])


def load_method(face: Face) -> Central:
    """Import the central side of a method from its face."""
    module = import_module(f"{face.package}.{face.analysis}")
    leaves, standing = load_leaves(face.package), getattr(module, "standing", None)
    name = site_name(face.package)
    return Central(face.method, module.REQUEST, module.analyse, leaves, standing, name)


def load_leaves(package: str) -> Leaves:
    """Import what the sites of a package send, from ``leaves`` or, where there is none, ``site``.

    Beside ``LEAVES`` the module may say which names are ``COUNTS``, ``SQUARES``, ``LEVELS`` and
    ``EXACT``.
    """
    own = find_spec(f"{package}.leaves") is not None
    module = import_module(f"{package}.leaves" if own else f"{package}.site")
    none: frozenset[str] = frozenset()
    said = (getattr(module, name, none) for name in ("COUNTS", "SQUARES", "LEVELS", "EXACT"))
    return Leaves(module.LEAVES, *said)


def load_site(package: str) -> Site:
    """Import the site side of a package."""
    module = import_module(f"{package}.site")
    leaves, questions = load_leaves(package), getattr(module, "QUESTIONS", {})
    name = site_name(package)
    return Site(name, module.STEPS, leaves.steps, leaves.exact, questions, package)


def site_name(package: str) -> str:
    """Return what logs and digests call the site side of a package."""
    return partial_name(package).removesuffix("_partial")


def partial_name(package: str) -> str:
    """Return the name of a package's one partial function.

    It is ``<method>_partial``, or ``<package without v6_>_partial`` where there are several.
    """
    found = faces(package)
    name = found[0].method if len(found) == 1 else package.removeprefix(PREFIX)
    return f"{name}_partial"


@lru_cache(maxsize=8)
def _methods(path: tuple[str, ...]) -> dict[str, Face]:
    """Return the faces of all packages that ``path`` holds."""
    found: dict[str, Face] = {}
    taken: dict[str, Face] = {}
    for package in sorted(_found()):
        for face in getattr(import_module(f"{package}.face"), "FACES", ()):
            for name in {face.short, face.method}:
                if name in taken:
                    other = taken[name].package
                    raise ValueError(f"the name {name!r} is in {other} and in {face.package}")
                taken[name] = face
            found[face.short] = face
    return {name: found[name] for name in sorted(found)}


def _named(name: str) -> Face | None:
    for face in methods().values():
        if name in (face.short, face.method):
            return face
    return None


def _found() -> Iterator[str]:
    """Yield the packages ``v6_*`` that have a module ``face``, without importing them."""
    names = {module.name for module in pkgutil.iter_modules() if module.ispkg}
    for name in (names | set(_installed())) - {OURS}:
        if not name.startswith(PREFIX):
            continue
        spec = find_spec(name)
        inside = pkgutil.iter_modules((spec and spec.submodule_search_locations) or [])
        if any(module.name == "face" for module in inside):
            yield name


def _installed() -> Iterator[str]:
    """Yield what the installed distributions ``v6*`` say that they hold.

    Packages of an editable installation are in no folder of ``sys.path``.
    """
    from importlib import metadata

    for distribution in metadata.distributions():
        if (distribution.metadata["Name"] or "").lower().startswith("v6"):
            yield from (distribution.read_text("top_level.txt") or "").split()
