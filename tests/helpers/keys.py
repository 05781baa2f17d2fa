"""Sites with keys: fixed ones, so that a test is the same each time."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from v6_clinical.disclosure import Policy
from v6_clinical.secure.keys import Identity, KeyPair
from v6_clinical.secure.peers import Peers
from v6_clinical.settings import Secret

EPOCH = 3


def pair(number: int) -> KeyPair:
    """Return the key pair of an organisation; of others for other numbers."""
    return KeyPair(Secret(hashlib.sha256(f"key of {number}".encode()).digest()))


def list_of(count: int) -> str:
    """Return what ``V6C_PEERS`` holds at organisations 1 to ``count``."""
    keys = {str(number): pair(number).public for number in range(1, count + 1)}
    return json.dumps(keys | {"epoch": EPOCH})


def peers(count: int) -> Peers:
    """Return the list of organisations 1 to ``count``."""
    return Peers.read(list_of(count))


def identities(count: int) -> list[Identity]:
    """Return organisations 1 to ``count``, each as itself."""
    return [Identity(pair(number), peers(count), number) for number in range(1, count + 1)]


def settings(number: int, count: int, mode: str = "required") -> dict[str, str]:
    """Return the settings of one organisation of so many."""
    fewest = {"V6C_SECURE_MIN_SITES": "2"} if count == 2 else {}
    return fewest | {
        "V6C_SECURE": mode,
        "V6C_PRIVATE_KEY": pair(number).text,
        "V6C_PEERS": list_of(count),
    }


def policies(count: int, mode: str = "required", **limits: Any) -> list[Policy]:
    """Return the limits of so many organisations with keys; shipped ones but for those given."""
    own = {"secret", "secure", "peers", "private_key", "secure_min_sites"}
    made = [Policy.from_environment(settings(k, count, mode)) for k in range(1, count + 1)]
    return [Policy(**{name: getattr(one, name) for name in own} | limits) for one in made]
