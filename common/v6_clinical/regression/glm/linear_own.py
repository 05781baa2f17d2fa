"""How sites name the coding that their own estimates of a linear regression are in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

OWN_CODING: Final = "own_coding"
LETTERS: Final = 16


def coding_key(names: Sequence[str]) -> str:
    """Return what stands for the columns of a coding.

    A site's levels are among those of all sites. So where its columns are those of all, its levels
    are too, and so is the reference level.
    """
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:LETTERS]
