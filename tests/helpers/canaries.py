"""Keys that must be in no text, looked for in every spelling."""

from __future__ import annotations

import base64
import json


def spellings(key: bytes) -> set[str]:
    """Return how a key may be written; of each spelling a part that is no chance find."""
    url = base64.urlsafe_b64encode(key).decode()
    texts = {key.hex(), key.hex().upper(), base64.b64encode(key).decode(), url}
    texts |= {repr(key)[2:-1], json.dumps(key.decode("latin-1"))[1:-1], str(list(key))[1:-1]}
    texts |= {base64.b32encode(key).decode(), str(int.from_bytes(key, "big"))}
    return {text[start : start + 16] for text in texts for start in (0, len(text) // 2 - 8)}


def scan(keys: set[bytes], *texts: object) -> list[str]:
    """Return the texts that hold a key, in any spelling."""
    wanted = {part for key in keys if key for part in spellings(key)}
    plain = [text if isinstance(text, str) else json.dumps(text) for text in texts]
    return [text for text in plain if any(part in text for part in wanted)]
