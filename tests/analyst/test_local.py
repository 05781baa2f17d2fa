"""A federation in one process: arguments, names, limits, errors, and signs of life."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic_core import PydanticUndefined

from helpers.face_examples import CASES, Case, without_origin
from helpers.keys import policies
from helpers.policies import EXACT, SHIPPED, exact
from helpers.summary_cases import dataset, split
from v6_clinical.analyst import AnalysisError, Federation, Result
from v6_clinical.analyst.analyses import Analyses
from v6_clinical.protocol.registry import load_central, methods

NAMES = ("Rotterdam", "Delft", "Leiden")


def call(case: Case, federation: Federation) -> Result:
    found: Result = getattr(federation, case.analysis)(**case.arguments)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
def test_a_method_gives_the_result_of_the_platform(case: Case) -> None:
    named = dict(zip(NAMES, case.frames(), strict=True))
    found = call(case, Federation.local(named, SHIPPED, progress="silent"))
    assert without_origin(found.to_dict()) == without_origin(case.reference())
    assert [site["name"] for site in found["sites"]] == list(NAMES)
    assert found["provenance"]["platform"].startswith("local")


@pytest.mark.parametrize("analysis", methods())
def test_signatures_are_those_of_the_requests(analysis: str) -> None:
    """Names, defaults and texts: an argument that a request gains must be added to the method."""
    method = getattr(Analyses, analysis)
    fields = load_central(analysis).request.model_fields
    parameters = dict(inspect.signature(method).parameters)
    del parameters["self"]
    assert set(parameters) == set(fields)
    text = re.sub(r"\s+", " ", method.__doc__)
    for name, field in fields.items():
        default = parameters[name].default
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        assert (default is inspect.Parameter.empty) == field.is_required(), name
        assert f" {name} {field.description}" in text, name
        if not field.is_required():
            own = field.get_default(call_default_factory=True)
            assert own is not PydanticUndefined
            assert (list(default) if isinstance(default, tuple) else default or None) in (
                own,
                own or None,
            ), name


def test_sequences_and_mappings_of_any_kind() -> None:
    """What pandas and numpy give is as good as lists and dicts."""
    case = CASES[0]
    federation = Federation.local(case.frames(), progress="silent")
    found = federation.summary(
        columns=pd.Index(["age", "tgrade"]),
        quantiles=np.array([0.1, 0.9]),
        levels={"tgrade": ("I", "II", "III")},
    )
    assert found["request"]["columns"] == ["age", "tgrade"]
    assert found["request"]["quantiles"] == [0.1, 0.9]
    assert found["request"]["levels"] == {"tgrade": ["I", "II", "III"]}


@pytest.mark.parametrize(
    "settings",
    [{"V6C_MIN_ROWS": "400"}, exact(min_rows=400), [EXACT, EXACT, exact(min_rows=400)]],
)
def test_limits_are_the_sites(settings: Any) -> None:
    named = dict(zip(NAMES, CASES[0].frames(), strict=True))
    with pytest.raises(AnalysisError) as caught:
        Federation.local(named, settings, progress="silent").summary(columns=["age"])
    assert caught.value.code == "MIN_ROWS"
    assert caught.value.sites[-1]["name"] == "Leiden"


def test_a_setting_that_cannot_be_read() -> None:
    with pytest.raises(AnalysisError, match="V6C_MIN_ROWS") as caught:
        Federation.local(CASES[0].frames(), {"V6C_MIN_ROWS": "one"})
    assert caught.value.code == "BAD_SETTING"


def test_a_wrong_argument_names_the_known_ones() -> None:
    with pytest.raises(AnalysisError, match="quantiles") as caught:
        Federation.local(CASES[0].frames(), progress="silent").summary(
            columns=["age"], quantiles=[2]
        )
    assert caught.value.code == "BAD_REQUEST"


def test_an_excluded_site_is_named_in_the_warnings() -> None:
    frames = CASES[0].frames()
    frames[1] = frames[1].drop(columns="age")
    found = Federation.local(frames, progress="silent").summary(
        columns=["age"], on_refusal="exclude"
    )
    assert found.warnings == ["Organisation 2 is left out: it refused with COLUMN_MISSING."]


@pytest.mark.parametrize("keys", [False, True])
def test_lines_of_progress(keys: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """With keys the first round takes two messages."""
    limits = policies(3) if keys else None
    Federation.local(CASES[0].frames(), limits, progress="lines").summary(columns=["age"])
    out, err = capsys.readouterr()
    said = [line.rpartition(" · ")[0] for line in err.splitlines()]
    assert out == ""
    assert said == [
        "summary: round 1 (describe), 0 of 3 sites answered",
        "summary: round 1 (describe), 3 of 3 sites answered",
        "summary: round 2 (tabulate), 0 of 3 sites answered",
        "summary: round 2 (tabulate), 3 of 3 sites answered",
    ]


@pytest.mark.parametrize(
    ("short", "family", "more"),
    [
        ("linear", "gaussian", {"outcome": "tsize"}),
        ("poisson", "poisson", {"outcome": "pnodes", "exposure": "age"}),
        ("gamma", "gamma", {"outcome": "tsize", "link": "log"}),
    ],
)
def test_families_have_methods_of_their_own(short: str, family: str, more: dict[str, Any]) -> None:
    federation = Federation.local(split(dataset("gbsg2"), "three"), progress="silent")
    found = getattr(federation, short)(predictors=["horTh"], **more)
    whole = federation.glm(family=family, predictors=["horTh"], **more)
    assert found.to_dict()["coefficients"] == whole.to_dict()["coefficients"]
