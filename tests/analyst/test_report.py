"""The report: every number and remedy is on the page, and the page needs nothing else."""

import json
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from helpers.example_results import REQUESTS, example
from helpers.policies import EXACT
from v6_clinical.analyst import result_of
from v6_clinical.analyst.federation import with_names
from v6_clinical.analyst.figures.labels import close_ratio
from v6_clinical.analyst.report import html
from v6_clinical.analyst.report.explain import WARNINGS, ledger, limits
from v6_clinical.analyst.report.methods import methods
from v6_clinical.analyst.report.references import SHARED
from v6_clinical.errors import CODES
from v6_clinical.face.words import p_value
from v6_clinical.protocol import registry
from v6_clinical.settings import PREFIX, SETTINGS
from v6_clinical.terminal.cli import main

ROOT = Path(__file__).parents[2]
NAMES = [*REQUESTS, "excluded"]
COMPLETED = ["summary", "logistic", "levels", "cox", "strata", "no_curves", "excluded"]
every = pytest.mark.parametrize("name", NAMES)


class Page(HTMLParser):
    """The ids, headings, text and attributes of a page; a tag out of place is an error."""

    VOID = ("meta", "link", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href", "action", "data"):
                self.links.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


@cache
def page_of(name: str) -> str:
    return html(example(name))


@every
def test_a_page_is_well_formed_and_needs_nothing_else(name: str) -> None:
    text = page_of(name)
    page = Page(text)
    assert len(set(page.ids)) == len(page.ids)
    assert "script" not in page.tags
    for link in page.links:
        assert link == "data:," or link.removeprefix("#") in page.ids, link
    for used in re.findall(r"url\((.*?)\)", text):
        assert used.removeprefix("#") in page.ids, used
    assert "@import" not in text
    assert not set(re.findall(r"var\(--(\w+)\)", text)) - set(re.findall(r"--(\w+):", text))


@every
def test_a_page_says_request_versions_and_what_left(name: str) -> None:
    result = example(name)
    page = Page(page_of(name)).text
    assert f"v6-clinical {result['version']}" in page
    for argument, value in result["request"].items():
        if value not in (None, [], {}):
            assert f" {argument} " in page
    for line in result["ledger"]:
        assert line["step"] in page
        assert f"{line['numbers_per_site']:,}" in page
    if not result["ledger"]:
        assert "nothing left" in page


@pytest.mark.parametrize("name", ["cox", "levels", "logistic"])
def test_a_regression_shows_its_ratios(name: str) -> None:
    result = example(name)
    page = Page(page_of(name)).text
    ratio, prefix = ("hazard_ratio", "hr") if name == "cox" else ("odds_ratio", "or")
    for row in result["coefficients"]:
        assert p_value(row["p_value"]) in page
        if row["term"] != "Intercept":
            interval = row[f"{prefix}_conf_low"], row[f"{prefix}_conf_high"]
            assert close_ratio(row[ratio], *interval) in page
    assert f"{result['fit'][0]['log_likelihood']:,.2f}" in page


def test_a_cox_report_shows_every_point_of_every_curve() -> None:
    result = example("cox")
    page = Page(page_of("cox")).text
    for curve in [*result["prediction"], *result["baseline_hazard"]]:
        for survival in curve["survival"]:
            assert f"{survival:.4f}" in page


def test_table_one_shows_means_counts_tests_and_what_is_withheld() -> None:
    result = example("summary")
    page = Page(page_of("summary")).text
    assert "53.1 (10.1)" in page  # age
    for row in result["categorical"]:
        if row["count"] is not None:
            assert f"{row['count']}" in page
    assert "[c]: withheld" in page
    for row in result["comparison"]:
        assert p_value(row["p_value"]) in page
    for warning in result["warnings"]:
        assert warning["message"] in page
        assert WARNINGS[warning["code"]] in page


@pytest.mark.parametrize("name", ["refused", "failed", "bad_request"])
def test_a_result_without_tables_says_what_was_wrong_and_what_helps(name: str) -> None:
    result = example(name)
    page = Page(page_of(name)).text
    for part in ("code", "message", "remedy"):
        assert result["error"][part] in page
    for site in result["error"]["sites"]:
        assert CODES[site["code"]] in page
    assert "ready to paste" not in page


def test_a_site_that_was_left_out_is_named_with_its_code() -> None:
    page = Page(page_of("excluded")).text
    assert "TOO_MANY_PARAMETERS" in page
    assert CODES["TOO_MANY_PARAMETERS"] in page
    assert "1 further site declined to answer" in page


def test_names_and_labels_of_the_data_are_never_markup() -> None:
    result = example("cox")
    evil = '<img src=x onerror="alert(1)">&amp;'
    result["request"]["formula"] = result["coefficients"][0]["term"] = evil
    result["request"]["profiles"] = [{evil: evil}, {evil: 1}]
    result["covariance"][0]["term"] = evil
    result["covariance"] = [{**row, evil: 0.1} for row in result["covariance"]]
    result["warnings"] = [{"code": evil, "message": evil}]
    page = Page(html(result))
    assert "img" not in page.tags
    assert evil in page.text


def test_names_with_commas_and_colons_do_not_break_the_ledger() -> None:
    result = example("cox")
    result["ledger"] = [
        {"round": 1, "step": "start", "numbers_per_site": 7, "what": "level/a, b: c: 2, rows: 5"}
    ]
    table = ledger(result)
    assert table is not None
    assert [row[2] for row in table.rows] == ["7", "2", "5"]


@every
def test_the_ledger_adds_up(name: str) -> None:
    """The parts of a round are what the round says in all, wherever all sites sent the same."""
    result = example(name)
    table = ledger(result)
    rows = [] if table is None else [list(row) for row in table.rows]
    total, parts = 0, 0
    for row in [*rows, ["end", "", "0"]]:
        if row[0]:
            assert parts >= total  # the most of each part may be of another site
            total, parts = int(row[2].replace(",", "")), 0
        else:
            parts += int(row[2].replace(",", ""))


def test_an_image_and_its_digest_are_shown_if_the_result_tells_them() -> None:
    result = example("cox") | {"provenance": {"image": "v6-cox@sha256:0123"}}
    page = Page(html(result)).text
    assert "sha256:0123" in page
    assert "not told by the result" not in page
    assert "not told by the result" in Page(page_of("cox")).text


def test_every_warning_and_every_limit_is_explained() -> None:
    sources = "".join(p.read_text() for p in (ROOT / "algorithms").glob("v6_*/*.py"))
    sources += "".join(p.read_text() for p in (ROOT / "common" / "v6_clinical").rglob("*.py"))
    codes = set(re.findall(r'"code": "([A-Z_]+)", "message"', sources))
    codes |= set(re.findall(r'found\.append\(\("([A-Z_]+)"', sources))
    assert len(codes) > 8
    assert codes <= set(WARNINGS)
    settings = {PREFIX + name.upper() for name in vars(EXACT)} & set(SETTINGS)
    settings -= {name for name, setting in SETTINGS.items() if setting.hidden}
    assert settings == {row[0] for row in limits(example("cox")).rows}


METHODS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("cox", {}, ["Efron's", "(stratification by site)", "Lin and Wei", "interaction with time ["]),
    ("cox", {"ties": "breslow"}, ["Breslow's"]),
    ("cox", {"baseline": "exact"}, ["One baseline hazard", "sent their event times"]),
    ("cox", {"strata": ["arm", "sex"]}, ["stratified by arm and sex"]),
    ("cox", {"entry": "start"}, ["left truncation"]),
    ("cox", {"zph_transform": "log"}, ["the logarithm of time"]),
    ("cox", {"cluster": "family"}, ["summed over clusters of family"]),
    ("cox", {"weights": "w", "offset": "o"}, ["weighted by w", "o entered as an offset"]),
    ("cox", {"ridge": 2.5}, ["ridge [", "2.5 per pooled standard deviation"]),
    ("cox", {"formula": "ns(age, df=3) + bs(x, df=4)"}, ["natural cubic splines and cubic B-spl"]),
    ("cox", {"confidence_level": 0.9}, ["90% Wald"]),
    ("levels", {}, ["(HC0 [", "Brier score", "null model", "ROC curve"]),
    ("levels", {"robust": "HC1"}, ["(HC1 ["]),
    ("levels", {"site_effect": True}, ["intercept of its own"]),
    ("levels", {"cluster": "ward"}, ["summed over clusters of ward"]),
    ("summary", {}, ["Welch's t test", "chi-square", "Mahalanobis", "Fisher's z", "suppressed"]),
    ("excluded", {}, ["1 further site declined"]),
]


@pytest.mark.parametrize(
    ("name", "changes", "words"), METHODS, ids=[f"{m[0]}-{'-'.join(m[1])}" for m in METHODS]
)
def test_methods_follow_the_options(name: str, changes: dict[str, Any], words: list[str]) -> None:
    result = example(name)
    plain, _ = methods(result)
    result["request"] |= changes
    paragraph, references = methods(result)
    for word in words:
        assert word in paragraph
        assert not changes or word not in plain, word
    cited = [int(n) for group in re.findall(r"\[([\d,]+)\]", paragraph) for n in group.split(",")]
    assert list(dict.fromkeys(cited)) == list(range(1, len(references) + 1))


def test_every_reference_is_cited_by_some_analysis() -> None:
    cited: set[str] = set()
    for name, changes, _ in METHODS:
        result = example(name)
        result["request"] |= changes
        cited |= set(methods(result)[1])
    result = example("summary")
    result["comparison"][0]["test"] = "welch_anova"
    cited |= set(methods(result)[1])
    known = dict(SHARED)
    for face in registry.methods().values():
        known |= face.references
    assert cited == set(known.values())


def test_ridge_and_no_curves_leave_their_sentences_out() -> None:
    result = example("levels")
    result["request"]["ridge"] = 1.0
    assert "likelihood ratio" not in methods(result)[0]
    assert "Survival curves" not in methods(example("no_curves"))[0]


def test_the_command_writes_a_page(tmp_path: Path) -> None:
    source = tmp_path / "cox.json"
    source.write_text(json.dumps(example("cox")))
    done = CliRunner().invoke(main, ["report", str(source)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "cox.html").read_text(encoding="utf-8") == page_of("cox")
    done = CliRunner().invoke(main, ["report", str(source), "-o", str(tmp_path / "x.html")])
    assert done.exit_code == 0
    assert (tmp_path / "x.html").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        ("age,sex", "no JSON file"),
        ("[1]", "no result"),
        ('{"schema": "other"}', "no result of schema"),
    ],
)
def test_the_command_says_what_is_wrong_with_a_file(
    content: str | None, words: str, tmp_path: Path
) -> None:
    source = tmp_path / "result.json"
    if content is not None:
        source.write_text(content)
    done = CliRunner().invoke(main, ["report", str(source)])
    assert done.exit_code == 1
    assert words in done.output
    assert "result.json" in done.output


def test_a_site_with_limits_of_its_own_has_a_column_of_them() -> None:
    result = example("cox")
    first = {**result["sites"][0], "limits": {"V6C_MIN_ROWS": 9977}}
    page = Page(html({**result, "sites": [first, *result["sites"][1:]]})).text
    assert "9977" in page
    assert "9977" not in Page(html(result)).text


def test_no_part_of_a_round_is_more_than_any_one_site_sent() -> None:
    """Sites' own curves stand under the most that one site sent, and are not added up."""
    result = example("cox")
    total = 0
    table = ledger(result)
    assert table is not None
    for row in table.rows:
        number = int(row[2].replace(",", ""))
        total = number if row[0] else total
        assert number <= total, row
    old = [{"round": 1, "step": "evaluate", "numbers_per_site": 90,
            "what": "rows: 5, site/0/curves: 60, site/0/strata: 1, site/1/curves: 84"}]  # fmt: skip
    table = ledger(result | {"ledger": old})
    assert table is not None
    assert [row[2] for row in table.rows] == ["90", "5", "84"]


@pytest.mark.parametrize("named", [True, False])
def test_a_site_is_called_by_one_name_on_the_whole_page(named: bool) -> None:
    names = {1: "Oslo", 2: "Porto", 3: "Leiden"} if named else {}
    for name in ("cox", "excluded", "refused", "summary", "no_curves"):
        result = with_names(example(name), names)
        page = Page(html(result)).text
        assert not re.search(r"\bSite \d", page)
        if named:
            assert not re.search(r"[Oo]rganisation \d", page), name
            assert "Oslo" in page
        else:
            assert re.search(r"Organisation \d", page), name
    printed = str(result_of(with_names(example("cox"), names)))
    assert ("Oslo" in printed) == named
    assert ("rganisation 1" in printed) != named
