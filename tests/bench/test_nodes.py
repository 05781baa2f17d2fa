"""Whole analyses on real nodes: their seconds add up, and what the pages say of them is so."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import node_pages, pages, stack
from bench.benchmark_cases import DOCS
from bench.node_cases import OURS, cases
from bench.node_seconds import ROUND, parts, whole
from bench.theirs import PUBLISHED
from helpers.policies import EXACT
from v6_clinical.platforms import local

README = Path(__file__).parents[2] / "README.md"


def at(seconds: float) -> str:
    return f"1970-01-01T00:00:{seconds:09.6f}"


def run(number: int, asked: float, started: float, finished: float) -> dict[str, Any]:
    times = {"started_at": at(started), "finished_at": at(finished), "asked_at": at(asked)}
    return {"id": number, **times}


REPORT = {
    "created": 1.0,
    "seconds": 20.0,
    "central": [run(1, 0, 1.25, 20.5)],
    "runs": [
        *(run(k, 3.0 + k / 100, 3.5, 6.0 + k / 10) for k in (2, 3, 4)),
        *(run(k, 7.0 + k / 100, 7.5, 11.0 - k / 10) for k in (5, 6, 7)),
    ],
}
LIVES = {
    1: {"create": 1.5, "start": 2.0, "die": 19.0},
    **{k: {"create": 4.0, "start": 4.5, "die": 5.5} for k in (2, 3, 4)},
    **{k: {"create": 8.0, "start": 8.25, "die": 10.0} for k in (5, 6, 7)},
}


def test_the_seconds_of_an_analysis_add_up() -> None:
    found = parts(REPORT, LIVES)
    assert whole(found, platform=True) + whole(found, platform=False) == pytest.approx(20)
    first, second = found["rounds"]
    assert list(first.values()) == pytest.approx([0, 0.48, 0.5, 0.5, 1.0, 0.9])
    # the site that answered last is the sixth run's; the centre asked after the fourth's answer
    assert list(second.values()) == pytest.approx([0.65, 0.45, 0.5, 0.25, 1.75, 0.5])
    assert list(found["before"].values()) == pytest.approx([1.0, 1.02])
    assert list(found["after"].values()) == pytest.approx([8.5, 2.0])


def test_the_readme_tells_the_seconds_of_a_round() -> None:
    _, results = pages.read(DOCS)
    text = README.read_text()
    assert len(node_pages.README.findall(text)) == 1
    assert node_pages.readme(text, results) == text, "README is stale: ci/bench --stack"


def test_every_case_is_in_the_results() -> None:
    _, results = pages.read(DOCS)
    measured = [(case["analysis"], case["data"]) for case in results["cases"]]
    assert measured == [(case.analysis, case.data) for case in cases()]
    for case in results["cases"]:
        for tool in case["tools"]:
            for one in tool["runs"]:
                if one["error"] is None:
                    total = whole(one, platform=True) + whole(one, platform=False)
                    assert total == pytest.approx(one["seconds"])
                    assert all(set(line) == set(ROUND) for line in one["rounds"])


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.analysis}-{case.data}")
def test_the_truth_of_a_case_is_that_of_its_answer(case: Any) -> None:
    found = local.run(case.analysis, case.frames, case.arguments, policy=EXACT)
    estimates, errors = case.answer(OURS, json.loads(json.dumps(found)))
    near, true_errors = case.truth(estimates)
    assert len(estimates) == len(case.terms)
    np.testing.assert_allclose(estimates, near, rtol=1e-9)
    np.testing.assert_allclose(errors, true_errors, rtol=1e-6)


def test_published_algorithms_are_asked_and_read_in_their_own_way() -> None:
    summary, logistic = cases()[0], cases()[4]
    asked = logistic.question("v6-glm-py")
    assert asked["method"] == "glm"
    assert asked["kwargs"]["outcome_variable"] == "cens"
    assert logistic.terms == ["Intercept", "age", "tsize", "pnodes", "horTh[T.yes]"]
    answer = {"coefficients": {"beta": {"b": 2.0, "a": 1.0}, "std_error": {"a": 3.0, "b": 4.0}}}
    for found, expected in zip(
        PUBLISHED["v6-glm-py"].answers(answer, ["a", "b"]), ([1, 2], [3, 4]), strict=True
    ):
        assert found.tolist() == expected
    numeric = {x: {"mean": 1.0, "std": 2.0} for x in summary.terms}
    mean, deviation = summary.answer("v6-summary-py", {"numeric": json.dumps(numeric)})
    assert (set(mean), set(deviation)) == ({1.0}, {2.0})


@pytest.mark.parametrize(
    ("report", "error"),
    [
        ({"status": "completed", "result": {"numeric": "{}"}}, None),
        (
            {"status": "crashed", "result": None, "log": "x\npandas.KeyError: Jansen, 1961\n"},
            "crashed: KeyError",
        ),
        ({"status": "not allowed", "result": "", "log": "None"}, "not allowed: no result"),
        (
            {"status": "completed", "result": {"status": "refused", "error": {"code": "A"}}},
            "refused: A",
        ),
    ],
)
def test_an_error_is_named_without_a_value(report: dict[str, Any], error: str | None) -> None:
    assert stack.ending(report) == error
