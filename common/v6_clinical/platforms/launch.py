"""The images' command: vantage6's wrapper, with the V6C_* settings as the operator wrote them.

A node base32-encodes every variable that it sets, and the wrapper decodes every variable that
looks encoded. A value given in plain (``docker run -e V6C_DENIED_COLUMNS=AGEGROUP``) may look so
too, and would be decoded to nonsense: a column denied no more. Which of the two an environment is
can be told for certain: INPUT_FILE is an absolute path, and "/" is no letter of base32.

* INPUT_FILE starts with "/": no node encoded this environment. Every setting is plain.
* Otherwise a node did, all of it: every setting must decode to text. One that does not was added
  by somebody else, and could be meant either way: it becomes a value that no setting accepts, so
  that the site refuses everything and names it.
"""

from __future__ import annotations

import base64
from collections.abc import MutableMapping
from typing import Final

PREFIX: Final = "V6C_"
UNREADABLE: Final = "\x7f"  # not printable: refused by the parser of every setting


def encode(value: str) -> str:
    """Encode a value as a node of 4.x or 5.x does."""
    return base64.b32encode(value.encode()).decode().replace("=", "!")


def normalise(environment: MutableMapping[str, str]) -> None:
    """Encode every plain setting, so that the wrapper's decoding gives what was written."""
    plain = environment.get("INPUT_FILE", "/").startswith("/")
    for name, value in list(environment.items()):
        if name.upper().startswith(PREFIX) and (plain or not _is_encoded_text(value)):
            environment[name] = encode(value if plain else UNREADABLE)


def _is_encoded_text(value: str) -> bool:
    """Tell whether a node's encoding of some printable text gives exactly this value."""
    try:
        text = base64.b32decode(value.replace("!", "=")).decode()
    except ValueError:
        return False
    return "=" not in value and text.isprintable()


def main() -> None:
    """Run the algorithm container."""
    import os

    normalise(os.environ)
    from vantage6.algorithm.tools.wrap import wrap_algorithm

    wrap_algorithm()


if __name__ == "__main__":
    main()
