"""vantage6 4.x's server and node on Python 3.11 and newer: ``f"{member}"`` gives the value.

They build permission names from members of ``(str, Enum)``, which format as their value on
Python 3.10 only. Imported by a .pth file of the test image; nothing of ours needs it.
"""

import enum

_format = enum.Enum.__format__


def _value_format(self: enum.Enum, spec: str) -> str:
    if isinstance(self, str) and type(self).__str__ is enum.Enum.__str__:
        return str.__format__(self.value, spec)
    return _format(self, spec)


enum.Enum.__format__ = _value_format  # type: ignore[method-assign]
