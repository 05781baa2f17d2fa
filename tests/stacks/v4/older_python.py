"""Two habits of Python 3.10 that vantage6 4.x's server and node rely on, for newer ones.

Imported by a .pth file of the test image; nothing of ours needs it.

* ``f"{member}"`` of a ``(str, Enum)`` gives the value: permission names are built so.
* Base64 decoding stops at the first padding: the server so checks whether a task's input, which
  is three texts joined by "$" when encrypted, can be read.
"""

import base64
import enum

_format, _b64decode = enum.Enum.__format__, base64.b64decode


def _value_format(self, spec):  # type: ignore[no-untyped-def]
    if isinstance(self, str) and type(self).__str__ is enum.Enum.__str__:
        return str.__format__(self.value, spec)
    return _format(self, spec)


def _decode_first(s, altchars=None, validate=False):  # type: ignore[no-untyped-def]
    first = s.split("$" if isinstance(s, str) else b"$")[0] if isinstance(s, str | bytes) else s
    return _b64decode(first, altchars, validate)


enum.Enum.__format__ = _value_format  # type: ignore[method-assign]
base64.b64decode = _decode_first
