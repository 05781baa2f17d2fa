"""Levels are merged as asked and agreed over the sites."""

import numpy as np
import pytest

from v6_clinical.model.columns import CategoricalColumn
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.levels import agree, check_collapse, merge

FOUND = CategoricalColumn(np.array([0, 1, 2, -1, 2]), ("I", "III", "IV"))


def names(column: CategoricalColumn) -> list[str | None]:
    return [None if code < 0 else column.levels[code] for code in column.codes]


def test_merge() -> None:
    """Old labels become the new one; missing stays missing; the others stay."""
    merged = merge(FOUND, {"III-IV": ["III", "IV", "V"]})
    assert merged.levels == ("I", "III-IV")
    assert names(merged) == ["I", "III-IV", "III-IV", None, "III-IV"]


def test_merge_into_an_existing_level_and_swaps() -> None:
    """Groups apply at once: a swap is a swap."""
    assert names(merge(FOUND, {"I": ["III"]})) == ["I", "I", "IV", None, "IV"]
    assert names(merge(FOUND, {"I": ["IV"], "IV": ["I"]})) == ["IV", "III", "I", None, "I"]


def test_a_label_has_one_group() -> None:
    """A label in two groups is ambiguous."""
    check_collapse("stage", {"a": ["I"], "b": ["II"]})
    with pytest.raises(FormulaError, match="'I' twice"):
        check_collapse("stage", {"a": ["I"], "b": ["II", "I"]})


def test_agree() -> None:
    """The union is sorted and its first level the reference, unless the request says otherwise."""
    assert agree("x", ["b", "a", "b"]) == (("a", "b"), "a")
    assert agree("x", ["a"], ["z", "a"]) == (("z", "a"), "z")
    assert agree("x", ["b", "a"], None, "b") == (("a", "b"), "b")
    with pytest.raises(FormulaError, match="not a level"):
        agree("x", ["a"], None, "c")
    with pytest.raises(FormulaError, match="no site"):
        agree("x", [])
