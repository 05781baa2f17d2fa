"""What a stored value is called as a level, and the order of levels: one rule for everything.

Levels of models, strata, groups, codebooks, references and merged labels all come from here, so
that sites which store one category in different types mean the same level. As R's ``as.character``
does it, numbers are compared in 15 significant digits: .3 and .1 * 3 are one level.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

import numpy as np

from v6_clinical.text import clean

Stored = Literal["numbers", "booleans", "text"]

DIGITS: Final = 15  # of a double, as R; of single precision those that its storage holds
SINGLE_DIGITS: Final = 7
_EXACT: Final = 2.0**63  # whole numbers up to here are written out
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE: Final = re.compile(r"(-?\d+)\.0+", re.ASCII)
_FLAGS: Final = {"true": "1", "false": "0"}
# What the collation of the Unicode CLDR, and so R in any ordinary locale, puts before digits.
_SIGNS: Final = {
    sign: place for place, sign in enumerate(" _-–—,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~≤≥$€")
}
_LETTERS: Final = {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th"}


def label_of(value: object) -> str:
    """Return the level that a stored value is, the same in whatever type it is stored.

    Text is as it stands, but for hidden characters (:mod:`v6_clinical.text`). ``True`` and
    ``False`` are these words, dates are ISO dates, and numbers are written in 15 significant
    digits (single precision: 7) without a fraction of nothing: 1, 1.0 and ``Decimal("1.00")``
    are "1", .1 + .2 is "0.3".
    """
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        single = isinstance(value, np.floating) and value.dtype.itemsize < 8
        return _number(float(str(value)), SINGLE_DIGITS if single else DIGITS)
    if isinstance(value, Decimal):
        whole = value.is_finite() and value == value.to_integral_value()
        return str(int(value)) if whole else _number(float(value), DIGITS)
    if isinstance(value, datetime) and not any(value.timetuple()[3:6]):
        return value.date().isoformat()
    return clean(str(value))


def _number(number: float, digits: int) -> str:
    for tried in (number, float(f"{number:.{digits}g}")):
        if tried.is_integer() and abs(tried) < _EXACT:
            return str(int(tried))
    return f"{number:.{digits}g}"


def labels_of(values: Iterable[object], dtype: object) -> list[str]:
    """Return the levels of values of one column, whose type says if it is of single precision.

    Parameters
    ----------
    dtype
        numpy's, or one of pandas that names numpy's as ``numpy_dtype``: nullable and Arrow types
        hand their values out in double precision.
    """
    plain = getattr(dtype, "numpy_dtype", dtype)
    single = isinstance(plain, np.dtype) and plain.kind == "f" and plain.itemsize < 8
    return [label_of(np.float32(value) if single else value) for value in values]  # type: ignore[arg-type]


def stored_as(values: Collection[object]) -> Stored:
    """Tell in which of three ways values are stored that are not missing."""
    if values and all(isinstance(value, bool | np.bool_) for value in values):
        return "booleans"
    numbers = (int, float, np.integer, np.floating, Decimal)
    return "numbers" if all(isinstance(value, numbers) for value in values) else "text"


def in_order(labels: Iterable[str]) -> list[str]:
    """Return different labels sorted: numbers by their size if all are, else text as R sorts it.

    That is the collation of an ordinary locale: letters regardless of case and accents first, then
    lower case before upper case; signs before digits before letters.
    """
    different = set(labels)
    if all(_NUMBER.fullmatch(label) for label in different):
        return sorted(different, key=lambda label: (float(label), label))
    return sorted(different, key=_collation)


def _collation(label: str) -> tuple[object, ...]:
    letters = [
        mark
        for sign in unicodedata.normalize("NFD", label)
        for mark in _LETTERS.get(sign.casefold(), sign)
    ]
    first = [_primary(sign) for sign in letters if not unicodedata.combining(sign)]
    accents = [unicodedata.combining(sign) for sign in letters]
    case = [sign != sign.lower() for sign in label]
    return first, accents, case, label


def _primary(sign: str) -> tuple[int, float, str]:
    if sign in _SIGNS:
        return 0, _SIGNS[sign], sign
    if sign.isdigit():
        return 2, 0.0, sign
    return (3, 0.0, sign.casefold()) if sign.isalpha() else (1, 0.0, sign)


def places(found: Sequence[str], agreed: Sequence[str]) -> list[int]:
    """Return where each of a site's levels stands among the agreed ones, -1 where it does not.

    A level is first looked for as it is spelt. If it is not there, true and false stand for 1 and
    0, and text such as "1.0" for 1, and the other way round, where that leaves no doubt: a site
    reads its column in the words of the request's codebook.
    """
    exact = {level: index for index, level in enumerate(agreed)}
    plain = [_plain(level) for level in agreed]
    other = {word: index for index, word in enumerate(plain) if plain.count(word) == 1}
    read = [exact.get(level, other.get(_plain(level), -1)) for level in found]
    return [
        -1 if level not in exact and read.count(place) > 1 else place
        for level, place in zip(found, read, strict=True)
    ]


def one_spelling(labels: Collection[str]) -> bool:
    """Tell whether no two different labels are one number, or one truth value, spelt twice."""
    different = set(labels)
    return len({_value(label) for label in different}) == len(different)


def _plain(label: str) -> str:
    """Return 1 and 0 for true and false, and whole numbers without ".0"; others as they are."""
    whole = _WHOLE.fullmatch(label)
    return str(int(whole[1])) if whole else _FLAGS.get(label.lower(), label)


def _value(label: str) -> str:
    word = _plain(label)
    return label_of(float(word)) if _NUMBER.fullmatch(word) else word


def strata_in_order(strata: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """Return different combinations of labels sorted by their first column, then the next."""
    different = {tuple(stratum) for stratum in strata}
    columns = [in_order(labels) for labels in zip(*different, strict=True)]

    def place(stratum: tuple[str, ...]) -> list[int]:
        return [order.index(label) for order, label in zip(columns, stratum, strict=True)]

    return sorted(different, key=place)


def stratum_key(labels: Sequence[str]) -> str:
    """Return a stratum as messages name it: its labels by "/", with ~1 for "/" and ~0 for "~".

    So JSON pointers are written (RFC 6901): two strata never have one key.
    """
    return "/".join(label.replace("~", "~0").replace("/", "~1") for label in labels)


def read_stratum(key: str) -> tuple[str, ...]:
    """Return the labels of a stratum that ``stratum_key`` wrote; none without strata."""
    parts = key.split("/") if key else []
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)


def stratum_name(columns: Sequence[str], labels: Sequence[str]) -> str:
    """Return the name of a stratum in tables: its label, or as R ``stage=1, grade=2/3``.

    With several columns a label in which a comma or a quote could be misread is quoted.
    """
    if len(columns) < 2:
        return labels[0] if labels else ""
    shown = [json.dumps(one, ensure_ascii=False) if set(one) & set(',"') else one for one in labels]
    return ", ".join(f"{name}={label}" for name, label in zip(columns, shown, strict=True))
