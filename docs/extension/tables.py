"""Markdown tables about the code, from the code: arguments, what leaves a site, refusal codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from v6_clinical.analyst.errors import PLATFORM_CODES
from v6_clinical.errors import CENTRE_CODES, SITE_CODES
from v6_clinical.protocol.registry import face_of, load_central, load_site
from v6_clinical.settings import SETTINGS

SPEAKERS = {"a site": SITE_CODES, "the centre": CENTRE_CODES, "the platform": PLATFORM_CODES}
VAST = 1e6  # a bound that nobody meets is not told
_WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true/false"}


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; ``|`` in a cell is escaped."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(
        "| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in lines
    )


def arguments(analysis: str) -> str:
    """Return name, type, default and description of each argument, required ones first."""
    model = load_central(analysis).request
    schema = model.model_json_schema()
    shared = [name for base in model.__mro__[1:] for name in getattr(base, "__annotations__", {})]
    required = schema.get("required", [])

    def place(name: str) -> tuple[bool, int]:
        return name not in required, shared.index(name) if name in shared else -1

    rows = [
        [
            f"`{name}`",
            kind(schema["properties"][name], schema.get("$defs", {})),
            "required" if name in required else default(model.model_fields[name]),
            schema["properties"][name]["description"],
        ]
        for name in sorted(model.model_fields, key=place)
    ]
    return markdown(["argument", "type", "default", "meaning"], rows)


def kind(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Return the words for a JSON schema's type, its choices and its bounds."""
    if "$ref" in schema:
        return kind(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    if "anyOf" in schema:
        some = [kind(part, definitions) for part in schema["anyOf"] if part.get("type") != "null"]
        return " or ".join(dict.fromkeys(some))
    if "enum" in schema or "const" in schema:
        return " or ".join(f'`"{choice}"`' for choice in schema.get("enum", [schema.get("const")]))
    if schema["type"] == "array":
        return f"list of {kind(schema['items'], definitions)}"
    if schema["type"] == "object":
        return f"mapping of text to {kind(schema['additionalProperties'], definitions)}"
    return _WORDS[schema["type"]] + _bounds(schema)


def _bounds(schema: Mapping[str, Any]) -> str:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None or high is None or high >= VAST:
        return ""
    below = "below " if "exclusiveMaximum" in schema else ""
    return f", {low:g} to {below}{high:g}"


def default(field: Any) -> str:
    """Return a field's default as Python would write it, empty collections and None as none."""
    value = field.get_default(call_default_factory=True)
    return "none" if value is None or value in ([], {}) else f"`{value!r}`"


def leaves(analysis: str) -> str:
    """Return every number that leaves a site, by step, from the declarations in the code."""
    declared = load_site(face_of(analysis).package).leaves
    rows = [
        [f"`{step}`", f"`{name}`", what]
        for step, numbers in declared.items()
        for name, what in numbers.items()
    ]
    return markdown(["step", "name", "what"], rows)


def columns(analysis: str) -> str:
    """Return every table of a result with its columns and what they mean, from the face."""
    rows = []
    for key, table in face_of(analysis).tables.items():
        names = table.columns.items()
        rows += [
            [f"`{key}`" if not number else "", f"`{name}`", meaning.replace("``", "`")]
            for number, (name, meaning) in enumerate(names)
        ]
    return markdown(["table", "column", "meaning"], rows)


def remedy(code: str) -> str:
    """Return the remedy that every result gives beside a code."""
    (text,) = [some[code] for some in SPEAKERS.values() if code in some]
    return f"> {text}"


def settings(_: str) -> str:
    """Return the node operator's settings: what they may be, and what is shipped."""
    rows = [
        [f"`{name}`", setting.shipped, setting.allowed, setting.meaning]
        for name, setting in SETTINGS.items()
    ]
    return markdown(["setting", "default", "it may be", "meaning"], rows)


def codes(_: str) -> str:
    """Return the closed list of codes, each a link to its entry on the same page."""
    rows = []
    for who, some in SPEAKERS.items():
        rows += [[f"[`{code}`](#{code.lower()})", who, text] for code, text in some.items()]
    return markdown(["code", "said by", "remedy in the result"], rows)
