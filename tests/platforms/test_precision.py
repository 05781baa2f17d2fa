"""What a result says of how exact it is, in every analysis: a number at its top, and words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from helpers.blurred import REQUESTS, Sites, policy
from helpers.policies import EXACT
from helpers.three_sites import good
from v6_clinical.analyst.report import html
from v6_clinical.analyst.report.methods import methods
from v6_clinical.analyst.saved import result_of
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_clinical.protocol.envelope import DIGITS, rounded

EVERY = pytest.mark.parametrize("analysis", REQUESTS)
KEYS = ["schema", "analysis", "version", "status", "error", "summation", "precision", "request"]
TABLES_OF_COUNTS = ("warnings", "sites", "ledger", "request")


def run(analysis: str, policies: list[Policy]) -> dict[str, Any]:
    return local.run(analysis, [good(k) for k in range(3)], REQUESTS[analysis], policy=policies)


@cache
def noisy(analysis: str) -> dict[str, Any]:
    return run(analysis, [policy(k) for k in range(3)])


@cache
def exact(analysis: str) -> dict[str, Any]:
    return run(analysis, [EXACT] * 3)


def floats(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for part in value.values():
            yield from floats(part)
    elif isinstance(value, list):
        for part in value:
            yield from floats(part)
    elif isinstance(value, float):
        yield value


@EVERY
def test_it_stands_at_the_top(analysis: str) -> None:
    for found in (exact(analysis), noisy(analysis)):
        assert found["status"] == "completed", found["error"]
        assert list(found)[: len(KEYS)] == KEYS
        assert found["summation"] == "clear"
    assert exact(analysis)["precision"] == 0
    assert 0.01 <= noisy(analysis)["precision"] < 0.5


@EVERY
def test_one_site_with_noise_is_enough(analysis: str) -> None:
    found = run(analysis, [EXACT, EXACT, policy(2)])
    assert 0 < found["precision"] < noisy(analysis)["precision"] * 1.5


@EVERY
def test_numbers_have_ten_digits_where_there_is_noise(analysis: str) -> None:
    def long(found: dict[str, Any]) -> list[float]:
        tables = {name: part for name, part in found.items() if name not in TABLES_OF_COUNTS}
        return [x for x in floats(tables) if x != float(f"{x:.{DIGITS - 1}e}")]

    assert long(noisy(analysis)) == []
    assert long(exact(analysis))  # exact settings keep all digits


def test_rounding_is_to_significant_digits() -> None:
    tables = {"a": [{"x": 1234.567890123456, "n": 3, "none": None}], "b": {"c": [1.23456789012e-9]}}
    assert rounded(tables) == {
        "a": [{"x": 1234.567890, "n": 3, "none": None}],
        "b": {"c": [1.234567890e-9]},
    }


@EVERY
def test_reports_say_it_in_words(analysis: str) -> None:
    found, what = noisy(analysis), "means" if analysis == "summary" else "estimates"
    words = f"bear declared noise, which moves {what} by {found['precision']:.2g} standard errors"
    result = result_of(found)
    assert words in str(result)
    assert words in html(found)
    assert words in methods(found)[0]
    assert words in str(result.table("markdown"))
    for text in (str(result_of(exact(analysis))), html(exact(analysis))):
        assert "declared noise" not in text
    assert "sums are exact" in html(exact(analysis))


@EVERY
def test_sites_without_a_secret_are_named(analysis: str) -> None:
    def told(limits: Policy) -> list[str]:
        sites = Sites(analysis, {number: good(number) for number in (3, 7)}, limits)
        found = sites.run(REQUESTS[analysis])
        return [one["message"] for one in found["warnings"] if one["code"] == "NO_SECRET"]

    (message,) = told(replace(policy(1), secret=None))
    assert message.startswith("Organisation(s) 3, 7 set no V6C_SECRET")
    assert told(policy(1)) == told(EXACT) == []


def test_a_failed_result_has_no_precision() -> None:
    found = local.run("logistic", [good(0), good(1)], {"outcome": "y", "predictors": ["nothing"]})
    assert found["status"] != "completed"
    assert found["precision"] is None
    assert found["summation"] == "clear"
    assert "sums are exact" not in html(found)


@pytest.mark.parametrize("analysis", ["logistic", "glm", "cox"])
def test_likelihoods_tell_their_noise_beside(analysis: str) -> None:
    keys = ["log_likelihood", "aic", "bic", *(["lr"] if analysis != "glm" else [])]
    told, none = noisy(analysis)["fit"][0], exact(analysis)["fit"][0]
    for key in keys:
        assert told[f"{key}_precision"] > 0
        assert none[f"{key}_precision"] == 0
    assert told["aic_precision"] == pytest.approx(2 * told["log_likelihood_precision"], rel=1e-9)
    names = list(told)
    assert names.index("aic_precision") == names.index("aic") + 1
