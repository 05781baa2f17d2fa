"""The arguments of a call as plain JSON, from whatever Python's data tools hold them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Label = str | int | bool
Codebook = Mapping[str, Sequence[Label]]


def given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments as plain JSON, without ``self`` and what was left at None."""
    return {
        name: _plain(value)
        for name, value in arguments.items()
        if name != "self" and value is not None
    }


def _plain(value: Any) -> Any:
    """Turn mappings into dicts, sequences (also pandas' and numpy's) into lists, ints into ints."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, str | bytes) or value is None:
        return value
    if hasattr(value, "tolist"):  # numpy and pandas
        return value.tolist()
    if isinstance(value, Sequence | set | frozenset):
        return [_plain(part) for part in value]
    return value
