"""Levels are merged as asked and agreed over the sites."""

import pandas as pd
import pytest

from v6_clinical.errors import AnalysisError
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.levels import agree
from v6_clinical.protocol.request import Request, parse_request
from v6_clinical.table import Labels, labels

FOUND = pd.Series(["I", "III", "IV", None, "IV"])


def names(column: Labels) -> list[str | None]:
    return [None if code < 0 else column.levels[code] for code in column.codes]


def test_merge() -> None:
    """Old labels become the new one; missing stays missing; the others stay."""
    merged = labels(FOUND, {"III-IV": ["III", "IV", "V"]})
    assert merged.levels == ("I", "III-IV")
    assert names(merged) == ["I", "III-IV", "III-IV", None, "III-IV"]


def test_merge_into_an_existing_level_and_swaps() -> None:
    """Groups apply at once: a swap is a swap."""
    assert names(labels(FOUND, {"I": ["III"]})) == ["I", "I", "IV", None, "IV"]
    assert names(labels(FOUND, {"I": ["IV"], "IV": ["I"]})) == ["IV", "III", "I", None, "I"]


def test_a_label_has_one_group() -> None:
    """A label in two groups is ambiguous."""
    parse_request(Request, {"collapse": {"stage": {"a": ["I"], "b": ["II"]}}})
    with pytest.raises(AnalysisError, match=r"collapse\['stage'\] names something twice"):
        parse_request(Request, {"collapse": {"stage": {"a": ["I"], "b": ["II", "I"]}}})


def test_agree() -> None:
    """The union is sorted and its first level the reference, unless the request says otherwise."""
    assert agree("x", ["b", "a", "b"]) == (("a", "b"), "a")
    assert agree("x", ["a"], ["z", "a"]) == (("z", "a"), "z")
    assert agree("x", ["b", "a"], None, "b") == (("a", "b"), "b")
    with pytest.raises(FormulaError, match="not a level"):
        agree("x", ["a"], None, "c")
    with pytest.raises(FormulaError, match="no site"):
        agree("x", [])
