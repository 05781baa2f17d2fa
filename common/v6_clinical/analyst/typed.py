"""Write ``analyses.py``: a typed method and a class of results for each analysis.

Editors and type checkers need them in a file. ``make analyses`` writes it; a test says when it is
stale. An analysis that is not in it is a method all the same, without types.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from v6_clinical.face import Face
from v6_clinical.protocol.registry import load_method, methods
from v6_clinical.protocol.request import Label, Request

FILE = Path(__file__).with_name("analyses.py")
WIDTH = 96  # of a text beside its indentation

HEAD = '''"""Each analysis as a method: the arguments of its request model, typed and documented.

Written by ``make analyses`` from the faces and the request models: change those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from v6_clinical.analyst.arguments import Codebook, Label, given
from v6_clinical.analyst.methods import Methods
from v6_clinical.analyst.results import {kinds}
'''


def source() -> str:
    """Return what the file should hold: all installed analyses in the order of their names."""
    faces = list(methods().values())
    kinds = sorted({face.result for face in faces})
    names = sorted(f'"{class_name(face)}",' for face in faces)
    lines = [HEAD.format(kinds=", ".join(kinds)), "__all__ = ["]
    lines += [f"    {name}" for name in ('"Analyses",', *names)]
    lines += ["]", ""]
    for face in faces:
        lines += ["", *_result(face), ""]
    lines += ["", "class Analyses(Methods):", '    """What can be asked of a federation."""']
    for face in faces:
        lines += _inside(_method(face, face.short, face.about, {}))
        for name, (about, fixed) in face.shorthands.items():
            lines += _inside(_method(face, name, about, fixed))
    return "\n".join(lines) + "\n"


def _inside(method: Iterator[str]) -> list[str]:
    """Return a method's lines as they stand in a class."""
    return ["", *(f"    {line}" if line else "" for line in method)]


def class_name(face: Face) -> str:
    """Return what the class of a method's results is called."""
    return f"{face.short.title().replace('_', '')}Result"


def text_of(request: type[Request], name: str) -> str:
    """Return the description of an argument."""
    return request.model_fields[name].description or ""


def ordered(request: type[Request]) -> list[str]:
    """Return the arguments: required ones first, then the method's own, then shared ones."""
    shared = [
        name for base in request.__mro__[1:] for name in vars(base).get("__annotations__", {})
    ]

    def place(name: str) -> tuple[bool, int]:
        optional = not request.model_fields[name].is_required()
        return optional, shared.index(name) if name in shared else -1

    return sorted(request.model_fields, key=place)


def _result(face: Face) -> Iterator[str]:
    yield f"class {class_name(face)}({face.result}):"
    yield f'    """The result of ``{face.method}``."""'
    yield ""
    yield f'    NAME = "{face.method}"'


def _method(face: Face, short: str, about: str, fixed: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a method that leaves out the arguments which are fixed."""
    request = load_method(face).request
    hints = get_type_hints(request, include_extras=True)
    names = [name for name in ordered(request) if name not in fixed]
    yield f"def {short}("
    yield "    self,"
    yield "    *,"
    for name in names:
        yield f"    {name}: {_argument(request, name, hints[name])},"
    yield f") -> {class_name(face)}:"
    yield f'    """{about}'
    yield ""
    yield "    Parameters"
    yield "    ----------"
    for name in names:
        yield f"    {name}"
        wrapped = textwrap.wrap(text_of(request, name), WIDTH - 8)
        yield from (f"        {line}" for line in wrapped)
    yield ""
    yield "    Raises"
    yield "    ------"
    yield "    AnalysisError"
    yield "        With code, sites and remedy."
    yield '    """'
    arguments = "given(locals())"
    if fixed:
        more = ", ".join(
            f'"{name}": {_written(value)}' for name, value in fixed.items() if value is not None
        )
        yield f"    arguments = given(locals()) | {{{more}}}"
        arguments = "arguments"
    yield f'    return {class_name(face)}(self.run("{face.short}", {arguments}))'


def _argument(request: type[Request], name: str, hint: Any) -> str:
    field = request.model_fields[name]
    kind = annotation(hint)
    if field.is_required():
        return kind
    default = field.get_default(call_default_factory=True)
    if isinstance(default, list):
        return f"{kind} = {_written(tuple(default))}"
    if isinstance(default, dict):
        return f"{kind} | None = None"
    return f"{kind} = {_written(default)}"


def annotation(hint: Any) -> str:
    """Return the Python type that a call may give for a hint of a request model."""
    if hint == Label:
        return "Label"
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return annotation(parts[0])
    if origin in (Union, UnionType):
        return " | ".join(dict.fromkeys(annotation(part) for part in parts))
    if origin is Literal:
        return f"Literal[{', '.join(_written(part) for part in parts)}]"
    if origin in (list, tuple):
        return f"Sequence[{annotation(parts[0])}]"
    if origin is dict:
        value = annotation(parts[1])
        return "Codebook" if value == "Sequence[Label]" else f"Mapping[str, {_simple(value)}]"
    return "None" if hint is NoneType else getattr(hint, "__name__", "Any")


def _simple(kind: str) -> str:
    """Return Any for what a reader would have to puzzle out."""
    return "Any" if " | " in kind else kind


def _written(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Sequence):
        inner = ", ".join(_written(part) for part in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


if __name__ == "__main__":
    FILE.write_text(source(), encoding="utf-8")
