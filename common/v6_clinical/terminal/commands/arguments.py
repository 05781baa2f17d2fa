"""The arguments of a request as options: made from the request model, read, and written.

A field's ``json_schema_extra`` may hold hints: ``option``, another name of a repeated option, and
``example``, a value that the help shows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from shlex import quote
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import click

from v6_clinical.protocol.request import Request

Callback = Callable[[click.Context, click.Parameter, Any], Any]


def options(request: type[Request]) -> list[click.Option]:
    """Return an option for each argument of a request, those that are required first."""
    hints = get_type_hints(request, include_extras=True)
    fields = request.model_fields
    names = sorted(fields, key=lambda name: (not fields[name].is_required(), _depth(request, name)))
    return [_option(request, name, _plain(hints[name])) for name in names]


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that were given; all others have the request's defaults."""
    return {name: value for name, value in values.items() if value not in (None, (), [], {})}


def words(request: type[Request], arguments: Mapping[str, Any]) -> list[str]:
    """Return the options that give these arguments, as they are typed in a shell."""
    hints = get_type_hints(request, include_extras=True)
    found: list[str] = []
    for name, value in arguments.items():
        found += _words(_flag(request, name), _plain(hints[name]), value)
    return found


def _depth(request: type[Request], name: str) -> int:
    """Return how far up the classes of a request an argument is from: its own ones first."""
    holders = [name in vars(base).get("__annotations__", {}) for base in request.__mro__]
    return holders.index(True)


def _flag(request: type[Request], name: str) -> str:
    return "--" + str(_hint(request, name, "option", name)).replace("_", "-")


def _hint(request: type[Request], name: str, key: str, default: Any = None) -> Any:
    extra = request.model_fields[name].json_schema_extra
    return extra.get(key, default) if isinstance(extra, dict) else default


def _plain(hint: Any) -> Any:
    """Return a hint without its bounds, and without None beside it."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _plain(parts[0])
    if origin in (Union, UnionType):
        kinds = [_plain(part) for part in parts if part is not NoneType]
        lists = [kind for kind in kinds if _is_list(kind)]  # "one or several" is read as several
        return kinds[0] if len(kinds) == 1 else lists[0] if lists else Any
    return hint


def _option(request: type[Request], name: str, hint: Any) -> click.Option:
    field = request.model_fields[name]
    flag = _flag(request, name)
    text = (field.description or "").rstrip(".")
    example = _hint(request, name, "example")
    if example is not None:
        text += f"; such as {flag} {quote(str(example))}"
    default = field.get_default(call_default_factory=True)
    if hint is bool:
        return click.Option([f"{flag}/--no-{flag[2:]}", name], default=None, help=f"{text}.")
    if not field.is_required() and default not in (None, [], {}):
        text += f". [default: {','.join(map(str, default)) if _is_list(hint) else default}]"
    else:
        text += "."
    more: dict[str, Any] = {"help": text, "required": field.is_required()}
    plain = "--" + name.replace("_", "-")  # a repeated option has both names
    return click.Option([*dict.fromkeys([flag, plain]), name], **more, **_reading(hint))


def _reading(hint: Any) -> dict[str, Any]:
    """Return how click reads an option of that kind."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"type": click.Choice([str(part) for part in parts])}
    if hint in (int, float):
        return {"type": hint}
    if hint is str:
        return {}
    if _is_list(hint):
        inner = _plain(parts[0])
        if get_origin(inner) is dict or inner is Any:
            return {"multiple": True, "callback": _each(_json), "metavar": "JSON"}
        kind = inner if inner in (int, float) else str
        return {"multiple": True, "callback": _list_of(kind), "metavar": f"{_metavar(kind)},…"}
    if origin is dict:
        return {"multiple": True, "callback": _mapping(_plain(parts[1])), "metavar": "NAME=…"}
    return {"callback": _one(_json_or_text), "metavar": "TEXT|JSON"}


def _is_list(hint: Any) -> bool:
    return get_origin(hint) in (list, tuple)


def _metavar(kind: type) -> str:
    return {int: "NUMBER", float: "NUMBER"}.get(kind, "NAME")


def _one(read: Callable[[str], Any]) -> Callback:
    def callback(context: click.Context, parameter: click.Parameter, text: Any) -> Any:
        return None if text is None else read(text)

    return callback


def _each(read: Callable[[str], Any]) -> Callback:
    def callback(context: click.Context, parameter: click.Parameter, texts: Any) -> Any:
        return [read(text) for text in texts]

    return callback


def _list_of(kind: type) -> Callback:
    """Read ``a,b``, also given several times; a name with a comma is written as a JSON list."""

    def read(text: str) -> list[Any]:
        if text.lstrip().startswith("["):
            return list(_json(text))
        parts = [part.strip() for part in text.split(",") if part.strip()]
        try:
            return [kind(part) for part in parts]
        except ValueError:
            raise click.BadParameter(f"{text!r} is not numbers, comma-separated") from None

    def callback(context: click.Context, parameter: click.Parameter, texts: Any) -> Any:
        return [part for text in texts for part in read(text)]

    return callback


def _mapping(inner: Any) -> Callback:
    """Read each NAME=…, or one JSON object, into one mapping."""

    def callback(context: click.Context, parameter: click.Parameter, texts: Any) -> Any:
        found: dict[str, Any] = {}
        for text in texts:
            if text.lstrip().startswith("{"):
                found.update(_json(text))
                continue
            name, value = _entry(text, inner)
            if isinstance(value, dict):
                found.setdefault(name, {}).update(value)
            else:
                found[name] = value
        return found

    return callback


def _entry(text: str, inner: Any) -> tuple[str, Any]:
    """Read NAME=LEVEL, NAME=LEVEL,LEVEL or NAME=NEW:LEVEL,LEVEL, as the mapping's values are."""
    kind = get_origin(inner)
    name, found, value = (part.strip() for part in text.partition("="))
    wanted = {list: "NAME=LEVEL,LEVEL,…", dict: "NAME=NEW:LEVEL,LEVEL,…"}.get(kind, "NAME=LEVEL")
    if not found or not name or not value:
        raise click.BadParameter(f"{text!r} is not {wanted}, nor a JSON object")
    if kind is dict:
        new, colon, old = (part.strip() for part in value.partition(":"))
        if not colon or not new or not old:
            raise click.BadParameter(f"{text!r} is not {wanted}, nor a JSON object")
        return name, {new: [label.strip() for label in old.split(",")]}
    return name, [label.strip() for label in value.split(",")] if kind is list else value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no JSON, such as '{{\"age\": 60}}'") from None


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _words(flag: str, hint: Any, value: Any) -> list[str]:
    """Return an option and its value, as often as it takes."""
    if value is None:
        return []
    if hint is bool:
        return [flag] if value else [f"--no-{flag[2:]}"]
    if _is_list(hint) and any(isinstance(part, dict) for part in value):
        return [word for part in value for word in (flag, quote(json.dumps(part)))]
    if _is_list(hint):
        return [flag, quote(",".join(map(str, value)))]
    if isinstance(value, dict):
        return [flag, quote(json.dumps(value))]
    return [flag, quote(str(value))]
