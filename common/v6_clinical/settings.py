"""The node operator's settings: names, and parsers that refuse what is unclear or too loose."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from v6_clinical.secure.peers import Peers

PREFIX: Final = "V6C_"
SECRET_BYTES: Final = 32  # at least
PRIVATE_KEY_BYTES: Final = 32
MODES: Final = ("off", "on", "required")


@dataclass(frozen=True)
class Setting:
    """A setting: ``setting(text)`` reads it.

    Raises
    ------
    ValueError
        When called with what cannot be read or is looser than allowed.

    Attributes
    ----------
    allowed
        What it may be, in words.
    shipped
        What holds where it is not set, in words.
    meaning
        What it limits, for people.
    hidden
        Whether nobody is shown its value, not even who set it.
    """

    parse: Callable[[str], Any]
    allowed: str
    shipped: str
    meaning: str
    hidden: bool = False

    def __call__(self, text: str) -> Any:
        """Return the value that the text means."""
        return self.parse(text)


def _whole(least: int, most: int | None, shipped: int, meaning: str) -> Setting:
    def parse(text: str) -> int:
        if not re.fullmatch(r"\s*[0-9]{1,9}\s*", text, re.ASCII):
            raise ValueError("not a whole number")
        value = int(text)
        if value < least or (most is not None and value > most):
            raise ValueError("out of range")
        return value

    range_of = f"{least} or more" if most is None else f"{least} to {most}"
    return Setting(parse, f"a whole number, {range_of}", str(shipped), meaning)


def _decimal(text: str) -> float:
    if not re.fullmatch(r"\s*0?\.[0-9]{1,9}\s*", text, re.ASCII):
        raise ValueError("not a decimal number")
    return float(text)


def _ratio(text: str) -> float:
    value = _decimal(text)
    if not 0 < value <= 0.33:
        raise ValueError("out of range")
    return value


def _share(most: float, shipped: str, meaning: str) -> Setting:
    def parse(text: str) -> float:
        value = 0.0 if text.strip() == "0" else _decimal(text)
        if value > most:
            raise ValueError("out of range")
        return value

    return Setting(parse, f"a decimal number, 0 to {most:g}, as 0.05", shipped, meaning)


class Secret(bytes):
    """Bytes that no text shows: not ``repr``, ``str`` or a format, nor what holds them."""

    def __repr__(self) -> str:
        return "Secret(...)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)


def _read_secret(text: str) -> Secret:
    """Read at least 32 bytes, in base64 (of web addresses too) or, if they can be, hexadecimal."""
    text = text.strip()
    try:
        if re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", text, re.ASCII):
            found = bytes.fromhex(text)
        else:
            plain = text.replace("-", "+").replace("_", "/").rstrip("=")
            found = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        raise ValueError("neither base64 nor hexadecimal") from None
    if len(found) < SECRET_BYTES or len(set(found)) < SECRET_BYTES // 2:
        raise ValueError("too short, or the same few bytes again and again")
    return Secret(found)


def _read_private_key(text: str) -> Secret:
    found = _read_secret(text)
    if len(found) != PRIVATE_KEY_BYTES:
        raise ValueError("not a private key")
    return found


def _read_peers(text: str) -> Peers:
    from v6_clinical.secure.peers import Peers

    return Peers.read(text)


def _read_mode(text: str) -> str:
    word = text.strip().lower()
    if word not in MODES:
        raise ValueError("not a mode")
    return word


def _read_digests(text: str) -> frozenset[str]:
    found = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    if not all(re.fullmatch("[0-9a-f]{64}", part, re.ASCII) for part in found):
        raise ValueError("not digests")
    return found


def _read_flag(text: str) -> bool:
    word = text.strip().lower()
    if word in ("true", "1", "yes"):
        return True
    if word in ("false", "0", "no"):
        return False
    raise ValueError("not a flag")


def _flag(shipped: bool, meaning: str) -> Setting:
    return Setting(_read_flag, "true or false", str(shipped).lower(), meaning)


def _read_names(text: str) -> frozenset[str]:
    """Read a comma-separated list, or a JSON list where a name has a comma. Empty: no name."""
    if not text.isprintable():
        raise ValueError("not text")
    if text.strip().startswith("["):
        parts = json.loads(text)
        if not all(isinstance(part, str) for part in parts):
            raise ValueError("not a list of names")
    else:
        parts = text.split(",")
    return frozenset(part.strip() for part in parts if part.strip())


def _names(shipped: str, meaning: str) -> Setting:
    words = "names separated by commas, or a JSON list of texts"
    return Setting(_read_names, words, shipped, meaning)


SETTINGS: Final[dict[str, Setting]] = {
    "V6C_MIN_ROWS": _whole(3, None, 10, "least rows behind any answer"),
    "V6C_MIN_CELL": _whole(3, None, 5, "least rows of a published count, level, event or group"),
    "V6C_MAX_PARAMETERS_PER_ROW": Setting(
        _ratio,
        "a decimal number above 0, at most 0.33, as 0.10",
        "0.10",
        "most parameters of a model for each row",
    ),
    "V6C_MAX_LEVELS": _whole(1, 40, 40, "most labels of a categorical column"),
    "V6C_ALLOWED_COLUMNS": _names("all", "columns that may be used; empty allows none"),
    "V6C_DENIED_COLUMNS": _names("none", "columns that may not be used"),
    "V6C_ALLOW_PER_SITE": _flag(True, "results of the site's own leave it"),
    "V6C_ALLOW_MIN_MAX": _flag(False, "extremes leave the site"),
    "V6C_ALLOW_EVENT_TIMES": _flag(False, "event times leave the site (baseline='exact')"),
    "V6C_ALLOW_SMALL_MISSING": _flag(
        False, "sets that differ by few incomplete rows may be published"
    ),
    "V6C_ALLOW_PREPROCESSING": _flag(False, "the analyst may filter rows (4.x)"),
    "V6C_ALLOWED_QUERIES": _names("none", "sha256 of queries that the analyst may use"),
    "V6C_ALLOWED_REQUESTS": Setting(
        _read_digests,
        "sha256 digests in hexadecimal, separated by commas",
        "all",
        "requests that are answered, by their digests; empty allows none",
    ),
    "V6C_BLUR": _share(0.1, "0.01", "least noise of what leaves, in standard errors; 0: none"),
    "V6C_BLUR_ROWS": _share(
        0.5, "0.25", "noise as a share of what the row that counts most adds; 0: none"
    ),
    "V6C_SECRET": Setting(
        _read_secret,
        f"{SECRET_BYTES} bytes or more in base64 or hexadecimal, as v6-clinical keys makes them",
        "none: each answer is drawn afresh",
        "what keys the noise; the site's own, told to nobody",
        hidden=True,
    ),
    "V6C_SECURE": Setting(
        _read_mode,
        "off, on or required",
        "off",
        "whether sites check each other's questions and answers by their keys; required: nothing "
        "else is answered",
    ),
    "V6C_PRIVATE_KEY": Setting(
        _read_private_key,
        f"{PRIVATE_KEY_BYTES} bytes in base64 or hexadecimal, as v6-clinical keys makes them",
        "none",
        "the site's own key, told to nobody; its public half is in V6C_PEERS",
        hidden=True,
    ),
    "V6C_PEERS": Setting(
        _read_peers,
        'JSON of two organisations or more, {"1": public key, ..., "epoch": 1}, each key once',
        "none",
        "who takes part with V6C_SECURE, and their public keys: the same list at every site",
        hidden=True,  # where it cannot be read, it may be a private key
    ),
    "V6C_SECURE_MIN_SITES": _whole(
        2, None, 3, "least sites that take part with V6C_SECURE; of 2 each learns the other's sums"
    ),
    "V6C_ROUND_TIMEOUT": _whole(1, 86_400, 900, "seconds that the central side waits for a round"),
}
MEANINGS: Final = {name: setting.meaning for name, setting in SETTINGS.items()}


def problems(environment: Mapping[str, str]) -> list[str]:
    """Return what is wrong with each V6C_* setting, a sentence each, for its operator alone."""
    found = []
    for name, text in sorted(environment.items()):
        if not name.upper().startswith(PREFIX):
            continue
        if name not in SETTINGS:
            found.append(f"{name} is no setting. {_nearest(name)}")
            continue
        setting = SETTINGS[name]
        try:
            setting(text)
        except ValueError:
            given = "empty" if not text.strip() else "wrong" if setting.hidden else repr(text)
            found.append(
                f"{name} is {given}: it must be {setting.allowed}; not set, it is "
                f"{setting.shipped}."
            )
    return found or _of_secure_modes(environment)


def _of_secure_modes(environment: Mapping[str, str]) -> list[str]:
    """Return what a secure mode lacks, where each setting by itself can be read."""
    given = {name: SETTINGS[name](text) for name, text in environment.items() if name in SETTINGS}
    if given.get("V6C_SECURE", MODES[0]) == MODES[0]:
        return []
    from v6_clinical.secure.keys import what_is_wrong

    fewest = given.get("V6C_SECURE_MIN_SITES", int(SETTINGS["V6C_SECURE_MIN_SITES"].shipped))
    return what_is_wrong(given.get("V6C_PRIVATE_KEY"), given.get("V6C_PEERS"), fewest)


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name.upper(), SETTINGS, 1, 0.75)
    if close:
        return f"Did you mean {close[0]}?"
    return f"Settings are {', '.join(SETTINGS)}."


def sha256(text: str) -> str:
    """Return the hash under which a node operator lists a query."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()
