"""The command line is the request model: every argument of every method can be said there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from helpers.policies import EXACT, EXACT_SETTINGS
from helpers.summary_cases import dataset, split
from v6_clinical.platforms import local
from v6_clinical.protocol.registry import load_central, methods
from v6_clinical.terminal.cli import main
from v6_clinical.terminal.commands import run as commands
from v6_clinical.terminal.commands.arguments import given, words
from v6_clinical.terminal.commands.run import command, example

EVERY = [
    (name, argument) for name in methods() for argument in load_central(name).request.model_fields
]
# A value that the argument's kind allows, by what the command line shows of it.
SAID: dict[str, tuple[list[str], Any]] = {
    "levels": (["--levels", "stage=I,II", "--levels", "sex=F,M"],
               {"stage": ["I", "II"], "sex": ["F", "M"]}),
    "reference": (["--reference", "stage=II", "--reference", "a=b=c"], {"stage": "II", "a": "b=c"}),
    "collapse": (["--collapse", "stage=late:III,IV", "--collapse", "stage=early:I,II"],
                 {"stage": {"late": ["III", "IV"], "early": ["I", "II"]}}),
    "profiles": (["--profile", '{"age": 60}', "--profiles", '{"age": 70.5}'],
                 [{"age": 60}, {"age": 70.5}]),
    "organizations_to_include": (["--organizations-to-include", "1,3"], [1, 3]),
    "columns": (["--columns", "age, stage", "--columns", '["a,b"]'], ["age", "stage", "a,b"]),
    "quantiles": (["--quantiles", "0.1,.9"], [0.1, 0.9]),
    "event_value": (["--event-value", "1,2"], ["1", "2"]),
}  # fmt: skip


def parsed(name: str, said: list[str]) -> dict[str, Any]:
    """Return the arguments that a command reads from options."""
    made = command(methods()[name])
    required = []
    for option in made.params:
        if option.required and not set(option.opts) & set(said):
            choices = getattr(option.type, "choices", ["x"])
            required += [option.opts[0], choices[0]]
    context = made.make_context(name, [*said, *required])
    asked = {
        n: v for n, v in context.params.items() if n in load_central(name).request.model_fields
    }
    return given(asked)


@pytest.mark.parametrize(("name", "argument"), EVERY, ids=" ".join)  # type: ignore[arg-type]
def test_every_argument_is_an_option_with_the_models_own_text(name: str, argument: str) -> None:
    field = load_central(name).request.model_fields[argument]
    flag = "--" + argument.replace("_", "-")
    (option,) = [p for p in command(methods()[name]).params if p.name == argument]
    assert isinstance(option, click.Option)
    assert flag in option.opts
    assert option.required == field.is_required()
    assert option.help is not None
    assert option.help.startswith((field.description or "").rstrip("."))
    default = field.get_default(call_default_factory=True)
    if not field.is_required() and default not in (None, [], {}, False, True):
        shown = ",".join(map(str, default)) if isinstance(default, list) else str(default)
        assert f"[default: {shown}]" in option.help
    if argument in SAID:
        said, value = SAID[argument]
        assert parsed(name, said)[argument] == value


def test_every_kind_of_argument_is_tried() -> None:
    assert set(SAID) <= {argument for _, argument in EVERY}


def test_flags_can_be_turned_off_and_what_is_not_said_is_left_to_the_model() -> None:
    assert parsed("summary", ["--no-histogram"]) == {"columns": ["x"], "histogram": False}
    assert parsed("cox", ["--robust", "--predictors", "a"]) == {
        "time": "x", "event": "x", "robust": True, "predictors": ["a"]}  # fmt: skip


@pytest.mark.parametrize("name", methods())
def test_the_example_of_the_help_is_the_face_s(name: str) -> None:
    face = methods()[name]
    text = " ".join(line.rstrip("\\") for line in example(face))
    said = shlex.split(text)
    assert said[:3] == ["v6-clinical", "run", name]
    made = command(face).make_context(name, said[3:])
    model = load_central(name).request
    asked = {n: v for n, v in made.params.items() if n in model.model_fields}
    assert model.model_validate(given(asked)) == model.model_validate(dict(face.example))
    assert made.params["save"] == f"{name}.json"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("summary", {"columns": ["a b", "c"], "histogram": False, "quantiles": [0.25, 0.5]}),
        ("cox", {"time": "t", "event": "e", "predictors": ["x"], "levels": {"g": ["a b", "c,d"]},
                 "collapse": {"g": {"n": ["c,d", "e"]}}, "time_horizon": 5.5,
                 "profiles": [{"x": 1, "g": "it's"}], "organizations_to_include": [1, 2]}),
        ("logistic", {"outcome": "o", "formula": "a * b + ns(c, df=3)", "reference": {"g": "a"},
                      "robust": "HC0", "site_effect": True, "confidence_level": 0.9}),
    ],
)  # fmt: skip
def test_what_is_written_is_read_again(name: str, arguments: dict[str, Any]) -> None:
    said = shlex.split(" ".join(words(load_central(name).request, arguments)))
    assert parsed(name, said) == arguments


@pytest.mark.parametrize(
    ("name", "said", "wanted"),
    [
        ("logistic", ["--levels", "stage"], "NAME=LEVEL,LEVEL"),
        ("logistic", ["--collapse", "stage=III,IV"], "NAME=NEW:LEVEL,LEVEL"),
        ("logistic", ["--reference", "stage="], "NAME=LEVEL"),
        ("logistic", ["--levels", "{stage"], "JSON"),
        ("cox", ["--profile", "age=60"], "JSON"),
        ("summary", ["--quantiles", "half"], "numbers"),
        ("summary", ["--organizations-to-include", "Oslo"], "numbers"),
    ],
)
def test_what_cannot_be_read_names_the_option_and_its_form(
    name: str, said: list[str], wanted: str
) -> None:
    with pytest.raises(click.BadParameter, match=re.escape(wanted)) as caught:
        parsed(name, said)
    assert caught.value.param is not None
    assert said[0] in caught.value.param.opts


def test_collapse_and_organisations_at_the_console(tmp_path: Path) -> None:
    """What the refusals' own remedies recommend can be typed."""
    frames = split(dataset("gbsg2"), "three")
    files = []
    for number, frame in enumerate(frames, 1):
        frame.to_csv(tmp_path / f"site{number}.csv", index=False)
        files += ["--site", str(tmp_path / f"site{number}.csv")]
    said = ["--outcome", "cens", "--predictors", "age,tgrade", "--levels", "tgrade=low,III"]
    said += ["--collapse", "tgrade=low:I,II", "--organizations-to-include", "1,2", "--json"]
    done = CliRunner(mix_stderr=False, env=EXACT_SETTINGS).invoke(
        main, ["run", "logistic", *files, *said]
    )
    assert done.exit_code == 0, done.stdout
    found = json.loads(done.stdout)
    arguments = {"outcome": "cens", "predictors": ["age", "tgrade"],
                 "levels": {"tgrade": ["low", "III"]},
                 "collapse": {"tgrade": {"low": ["I", "II"]}},
                 "organizations_to_include": [1, 2]}  # fmt: skip
    assert (
        found["coefficients"]
        == local.run("logistic", frames, arguments, policy=EXACT)["coefficients"]
    )
    assert [site["name"] for site in found["sites"]] == ["site1", "site2"]


def test_an_analysis_that_is_not_there_is_named() -> None:
    for said in (["run", "lasso"], ["what-leaves", "lasso"], ["store-json", "lasso"]):
        done = CliRunner(mix_stderr=False).invoke(main, said)
        assert done.exit_code == 2
        assert "lasso" in done.stderr
    assert "cox, glm, logistic, summary" in CliRunner().invoke(main, ["what-leaves", "x"]).output
    assert commands.Method().name == "analysis"
