"""What an algorithm store of vantage6 4.x or 5.x wants to know of an image, as JSON.

Generated from the faces and the request models; ``tests/unit`` fails when the files beside an
analysis are stale, ``tests/stacks`` validates them with the stores' own schemas.
"""

from __future__ import annotations

import json
from importlib import import_module
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic_core import PydanticUndefined

from v6_clinical.face.contract import Face
from v6_clinical.platforms.readers import READERS, Reader
from v6_clinical.protocol.registry import faces, load_method, partial_name
from v6_clinical.protocol.request import Name, Request
from v6_clinical.version import __version__

TOOLS = {4: "4.15.2", 5: "5.0.3"}
SCALARS = {bool: "boolean", int: "integer", float: "float", str: "string"}
# Of every result: what the user interface shows after the tables of the method.
SHARED = {"sites": "Sites", "warnings": "Warnings", "ledger": "What left each site"}


def store_json(package: str, major: int, image: str = "", code_url: str = "") -> dict[str, Any]:
    """Describe an image as the algorithm store of a vantage6 major takes it.

    Parameters
    ----------
    package
        The import package: one image, with one method or several.
    image
        Where nodes pull the image; default its name without a registry.
    code_url
        Where the source code is.
    """
    step = {4: ("type", "central", "federated")}.get(
        major, ("step_type", "central_compute", "federated_compute")
    )
    about = " ".join((import_module(package).__doc__ or "").split("\n\n")[0].split())
    functions = [_central(face, step) for face in faces(package)]
    functions.append(_partial(package, step))
    if major >= 5:
        functions += [_extraction(reader) for reader in READERS]
    return {
        "name": f"v6-clinical {package.removeprefix('v6_').replace('_', ' ')}",
        "description": about,
        "image": image or f"{package.replace('_', '-')}:{__version__}-v6-{major}",
        "partitioning": "horizontal",
        "vantage6_version": TOOLS[major],
        "code_url": code_url,
        "functions": functions,
    }


def _central(face: Face, step: tuple[str, str, str]) -> dict[str, Any]:
    request = load_method(face).request
    hints = get_type_hints(request, include_extras=True)
    return {
        "name": face.method,
        "display_name": _display(face.method),
        "description": face.about.replace("``", ""),
        step[0]: step[1],
        "standalone": True,
        "databases": [{"name": "Patients", "description": "One row a patient at every site."}],
        "arguments": [_argument(request, name, hints[name]) for name in request.model_fields],
        "ui_visualizations": _visualisations(face),
    }


def _partial(package: str, step: tuple[str, str, str]) -> dict[str, Any]:
    types = {"version": "string", "step": "string", "arguments": "json"}
    types |= {"index": "integer", "count": "integer"}
    name = partial_name(package)
    return {
        "name": name,
        "display_name": f"{_display(name.removesuffix('_partial'))}: one site's part",
        "description": "Called by the central function, not by hand.",
        step[0]: step[2],
        "standalone": False,
        "databases": [{"name": "Patients", "description": "One row a patient."}],
        "arguments": [{"name": name, "type": kind} for name, kind in types.items()],
        "ui_visualizations": [],
    }


def _extraction(reader: Reader) -> dict[str, Any]:
    arguments: list[dict[str, Any]] = []
    for option in reader.options:
        argument = {"name": option.name, "type": "string", "description": option.about}
        default = {"has_default_value": True, "default_value": None} if option.optional else {}
        arguments.append(argument | default)
    return {
        "name": reader.name,
        "display_name": _display(reader.name),
        "description": reader.about,
        "step_type": "data_extraction",
        "standalone": True,
        "databases": [{"name": "Source", "description": "A database of the node."}],
        "arguments": arguments,
        "ui_visualizations": [],
    }


def _argument(request: type[Request], name: str, hint: Any) -> dict[str, Any]:
    field = request.model_fields[name]
    kind, allowed = _kind(name, hint)
    argument: dict[str, Any] = {
        "name": name,
        "display_name": _display(name),
        "description": field.description or "",
        "type": kind,
    }
    if allowed:
        argument["allowed_values"] = allowed
    if isinstance(field.json_schema_extra, dict) and "shown_if" in field.json_schema_extra:
        argument |= _condition(field.json_schema_extra["shown_if"])
    default = field.get_default(call_default_factory=True)
    if default is not PydanticUndefined:
        argument |= {"has_default_value": True, "default_value": _default(default)}
    return argument


def _kind(name: str, hint: Any) -> tuple[str, list[str]]:
    """Return the store's type of an argument, and the values it may have (empty: any).

    Types that a store does not know, such as a codebook or "a number or a text", are JSON.
    """
    if name == "organizations_to_include":
        return "organization_list", []
    if hint == Name:
        return "column", []
    origin, parts = get_origin(hint), [part for part in get_args(hint) if part is not NoneType]
    if hasattr(hint, "__metadata__"):
        return _kind(name, parts[0])
    if origin is Literal and all(isinstance(part, str) for part in parts):
        return "string", parts
    if origin is list:
        kind, _ = _kind(name, parts[0])
        known = kind in ("column", *SCALARS.values()) and kind != "boolean"
        return (f"{kind}_list" if known else "json"), []
    if hint in SCALARS:
        return SCALARS[hint], []
    if len(parts) == 1 and NoneType in get_args(hint):
        return _kind(name, parts[0])
    return "json", []


def _condition(shown_if: Any) -> dict[str, Any]:
    """Return when a store shows an argument: another one, a comparison, its value."""
    other, comparison, value = shown_if
    return {
        "conditional_on": other,
        "conditional_operator": comparison,
        "conditional_value": value,
    }


def _default(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _display(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def _visualisations(face: Face) -> list[dict[str, Any]]:
    """Return the tables and lines that the face shows, and then those of every result."""
    shown = []
    for key, table in face.tables.items():
        if table.line is not None:
            x, y = table.line
            shown.append(_shown(table.title, "line", {"location": [key], "x": x, "y": y}))
        elif table.shown:
            shown.append(_shown(table.title, "table", {"location": [key]}))
    return shown + [_shown(title, "table", {"location": [key]}) for key, title in SHARED.items()]


def _shown(title: str, kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": title, "description": title, "type": kind, "schema": schema}
