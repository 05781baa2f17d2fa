"""What an algorithm store of vantage6 4.x or 5.x wants to know of an analysis, as JSON.

Generated from the request models; ``tests/unit`` fails when the files beside an analysis are
stale, ``tests/stacks`` validates them with the stores' own schemas.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic_core import PydanticUndefined

from v6_clinical.protocol.registry import PACKAGES, load_central
from v6_clinical.protocol.request import Name, Request
from v6_clinical.version import __version__

TOOLS = {4: "4.15.2", 5: "5.0.3"}
SCALARS = {bool: "boolean", int: "integer", float: "float", str: "string"}
QUERY = "Only a query whose sha256 the node operator listed in V6C_ALLOWED_QUERIES is run."
# Data extraction of 5.x: name, description, arguments.
EXTRACTION: tuple[tuple[str, str, list[dict[str, Any]]], ...] = (
    ("read_csv", "Make a data frame of a CSV file.", []),
    ("read_parquet", "Make a data frame of a Parquet file.", []),
    (
        "read_excel",
        "Make a data frame of an Excel sheet.",
        [
            {
                "name": "sheet_name",
                "type": "string",
                "description": "Default: the first sheet.",
                "has_default_value": True,
                "default_value": None,
            }
        ],
    ),
    (
        "read_sql_database",
        "Make a data frame of a SQL query.",
        [{"name": "query", "type": "string", "description": QUERY}],
    ),
    (
        "read_sparql_database",
        "Make a data frame of a SPARQL query.",
        [{"name": "query", "type": "string", "description": QUERY}],
    ),
)


def store_json(analysis: str, major: int, image: str = "", code_url: str = "") -> dict[str, Any]:
    """Describe an analysis as the algorithm store of a vantage6 major takes it.

    Parameters
    ----------
    analysis
        ``"summary"``, ...
    image
        Where nodes pull the image; default its name without a registry.
    code_url
        Where the source code is.
    """
    package = PACKAGES[analysis]
    step = {4: ("type", "central", "federated")}.get(
        major, ("step_type", "central_compute", "federated_compute")
    )
    about = " ".join((import_module(package).__doc__ or "").split("\n\n")[0].split())
    functions = [_central(analysis, step, about), _partial(analysis, step)]
    if major >= 5:
        functions += [_extraction(*one) for one in EXTRACTION]
    return {
        "name": f"v6-clinical {analysis.replace('_', ' ')}",
        "description": about,
        "image": image or f"{package.replace('_', '-')}:{__version__}-v6-{major}",
        "partitioning": "horizontal",
        "vantage6_version": TOOLS[major],
        "code_url": code_url,
        "functions": functions,
    }


def _central(analysis: str, step: tuple[str, str, str], about: str) -> dict[str, Any]:
    package = PACKAGES[analysis]
    request = load_central(package).request
    hints = get_type_hints(request, include_extras=True)
    return {
        "name": analysis,
        "display_name": _display(analysis),
        "description": about,
        step[0]: step[1],
        "standalone": True,
        "databases": [{"name": "Patients", "description": "One row a patient at every site."}],
        "arguments": [_argument(request, name, hints[name]) for name in request.model_fields],
        "ui_visualizations": _visualisations(package),
    }


def _partial(analysis: str, step: tuple[str, str, str]) -> dict[str, Any]:
    types = {"version": "string", "step": "string", "arguments": "json"}
    types |= {"index": "integer", "count": "integer"}
    return {
        "name": f"{analysis}_partial",
        "display_name": f"{_display(analysis)}: one site's part",
        "description": "Called by the central function, not by hand.",
        step[0]: step[2],
        "standalone": False,
        "databases": [{"name": "Patients", "description": "One row a patient."}],
        "arguments": [{"name": name, "type": kind} for name, kind in types.items()],
        "ui_visualizations": [],
    }


def _extraction(name: str, about: str, arguments: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "display_name": _display(name),
        "description": about,
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


def _visualisations(package: str) -> list[dict[str, Any]]:
    """Read the package's list of tables; an analysis without one shows its result as JSON."""
    if find_spec(f"{package}.tables") is None:
        return []
    module = import_module(f"{package}.tables")
    tables: Mapping[str, str] = module.TABLES
    lines: Mapping[str, tuple[str, str, str]] = getattr(module, "LINES", {})
    shown = [_shown(title, "table", {"location": [key]}) for key, title in tables.items()]
    for key, (title, x, y) in lines.items():
        shown.append(_shown(title, "line", {"location": [key], "x": x, "y": y}))
    return shown


def _shown(title: str, kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": title, "description": title, "type": kind, "schema": schema}
