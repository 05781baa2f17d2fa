"""Every number in a real message is declared, every declaration is met, and the READMEs say so."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.folders import ROOT
from helpers.policies import EXACT
from helpers.summary_cases import dataset, split
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local
from v6_clinical.protocol import centre as federation
from v6_clinical.protocol.registry import face_of, load_site, methods
from v6_clinical.terminal.cli import main
from v6_clinical.terminal.render.leaves import as_markdown, declared

OPEN = Policy.open()
ANALYSES = pytest.mark.parametrize("analysis", methods())
LOGISTIC: dict[str, Any] = {"outcome": "cens", "formula": "age + tgrade"}
GLM: dict[str, Any] = {
    "family": "poisson",
    "outcome": "pnodes",
    "formula": "scale(tsize) + tgrade",
}
COX: dict[str, Any] = {"time": "time", "event": "cens", "formula": "age + horTh"}
SUMMARY: dict[str, Any] = {"columns": ["age", "tsize", "tgrade"]}
# Under the shipped limits two rounds do not settle these.
REFINED: dict[str, Any] = {"columns": ["tsize"], "group_by": "cens", "quantiles": [0.03, 0.97]}
RARE: dict[str, Any] = {"columns": ["age", "rare"]}  # under the shipped limits
BLURRED: dict[str, Any] = SUMMARY | {"group_by": "horTh", "correlation": True}
CURVES: dict[str, Any] = {"time_horizon": 2000, "profiles": [{"age": 50, "horTh": "yes"}]}
# Every option that changes what is asked or answered, of each analysis.
FITS: list[tuple[str, dict[str, Any]]] = [
    ("summary", SUMMARY),
    ("summary", REFINED),
    ("summary", RARE),
    ("summary", SUMMARY | {"group_by": "horTh", "correlation": True, "per_site": True}),
    ("summary", BLURRED),
    ("summary", SUMMARY | {"levels": {"tgrade": ["I", "II", "III"]}, "quantiles": [0.01]}),
    ("summary", SUMMARY | {"collapse": {"tgrade": {"II-III": ["II", "III"]}}, "histogram": False}),
    ("logistic", LOGISTIC),
    ("logistic", LOGISTIC | {"formula": "scale(age) + tgrade", "robust": "HC1", "weights": "unit"}),
    ("logistic", LOGISTIC | {"formula": "bs(age, df=4) * horTh", "ridge": 1.0}),
    ("logistic", LOGISTIC | {"weights": "unit", "offset": "small", "robust": "HC0"}),
    ("logistic", LOGISTIC | {"cluster": "part", "site_effect": True, "cluster_adjust": True}),
    ("logistic", LOGISTIC | {"levels": {"tgrade": ["I", "II", "III"]}, "positive": 1}),
    ("logistic", LOGISTIC | {"formula": "age + alone"}),
    ("glm", GLM),
    ("glm", GLM | {"family": "gaussian", "weights": "unit", "robust": "HC1"}),
    ("glm", GLM | {"family": "gamma", "outcome": "unit", "offset": "small"}),
    ("glm", GLM | {"formula": "tsize + alone", "site_effect": True}),
    ("glm", GLM | {"exposure": "unit", "cluster": "part", "cluster_adjust": True}),
    ("glm", GLM | {"family": "binomial", "link": "probit", "outcome": "cens"}),
    ("cox", COX),
    ("cox", COX | {"formula": "age + alone"}),
    ("cox", COX | {"formula": "scale(age) + horTh", "ties": "breslow", "weights": "unit"}),
    ("cox", COX | {"weights": "unit", "offset": "small", "robust": True, **CURVES}),
    ("cox", COX | {"cluster": "part", "strata": ["tgrade"], "zph_transform": "log"}),
    ("cox", COX | {"entry": "begin", "ridge": 1.0}),
    ("cox", COX | {"baseline": "exact", "cluster": "part", **CURVES}),
    ("cox", COX | {"baseline": "exact", "strata": ["tgrade"], "formula": "scale(age)"}),
    ("cox", COX | {"baseline": "exact", "zph_transform": "km"}),
]


def frames() -> list[pd.DataFrame]:
    frame = dataset("gbsg2")
    frame["tsize"] *= 1.01  # whole numbers need no refinement
    unit, small = 1.0 + frame["age"] / 100, frame["estrec"] / 1000
    frame = frame.assign(unit=unit, small=small, begin=frame["time"] / 9, part=frame.index // 4)
    frame["rare"] = frame["age"] == frame["age"].max()
    sites = split(frame, "three")
    # constant at one of them, which has no estimates of its own then
    return [site.assign(alone=site["pnodes"] * float(k > 0)) for k, site in enumerate(sites)]


def sent(analysis: str, arguments: dict[str, Any]) -> dict[str, set[str]]:
    """Return the names in the messages of a fit, by step: their first parts."""
    policy = EXACT if arguments in (REFINED, RARE) else OPEN
    policy = replace(OPEN, blur=0.01, blur_rows=0.15) if arguments is BLURRED else policy
    found = local.run(analysis, frames(), arguments, policy=policy)
    assert found["status"] == "completed", found["error"]
    assert federation.empty_envelope(analysis).keys() <= found.keys()
    names: dict[str, set[str]] = {}
    for line in found["ledger"]:
        parts = {item.split(":")[0].split("/")[0] for item in line["what"].split(", ")}
        names.setdefault(line["step"], set()).update(parts)
    return names


@ANALYSES
def test_messages_hold_what_is_declared_and_no_more(analysis: str) -> None:
    """Of each fit nothing undeclared; of all fits together every declaration."""
    leaves, rounds = declared(analysis)
    whole = {step: set(names) for step, names in leaves.items()}
    union: dict[str, set[str]] = {}
    for arguments in [arguments for name, arguments in FITS if name == analysis]:
        for step, names in sent(analysis, arguments).items():
            assert names <= whole[step], arguments
            union.setdefault(step, set()).update(names)
    assert union == whole
    assert list(rounds) == list(whole) == list(load_site(face_of(analysis).package).steps)
    assert load_site(face_of(analysis).package).leaves == leaves


@ANALYSES
def test_the_readme_says_what_leaves(analysis: str) -> None:
    text = (ROOT / "algorithms" / face_of(analysis).package / "README.md").read_text()
    assert as_markdown(analysis) in text, f"print it: v6-clinical what-leaves {analysis} --markdown"


@ANALYSES
def test_the_command_prints_every_declaration(analysis: str) -> None:
    for options in ([], ["--markdown"]):
        done = CliRunner().invoke(main, ["what-leaves", analysis, *options])
        assert done.exit_code == 0, done.output
        flat = " ".join(done.output.split())
        for step, names in declared(analysis)[0].items():
            assert step in flat
            for name in names:
                assert name in flat
    assert as_markdown(analysis) in done.output
