"""The documentation says what the code does: codes, arguments, formulas, links."""

import re

import pytest
from extension import commands, contents, links, sizes, tables, validation

from helpers.code_blocks import DOCS, ROOT, blocks, value_of
from v6_clinical.analyst.errors import PLATFORM_CODES
from v6_clinical.errors import CODES
from v6_clinical.model.formula import parse
from v6_clinical.protocol.registry import face_of, load_central, load_site, methods
from v6_clinical.settings import SETTINGS
from v6_clinical.terminal.cli import main

KNOWN = CODES | PLATFORM_CODES


def entries() -> dict[str, str]:
    text = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    parts = re.split(r"^### ([A-Z_]+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_code_has_an_entry_and_no_entry_is_unknown() -> None:
    assert set(entries()) == set(KNOWN)


@pytest.mark.parametrize("code", KNOWN)
def test_an_entry_says_what_to_do(code: str) -> None:
    entry = entries()[code]
    for part in (f"{{remedy}} {code}\n", "**What it means.** ", "**As the analyst.** "):
        assert part in entry
    assert "**As the operator.** " in entry
    assert KNOWN[code] in tables.remedy(code)
    assert f"(#{code.lower()})" in tables.codes("")


@pytest.mark.parametrize("analysis", methods())
def test_the_table_of_arguments_is_the_request_model(analysis: str) -> None:
    table = tables.arguments(analysis)
    model = load_central(analysis).request
    names = re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)
    assert sorted(names) == sorted(model.model_fields)
    for name, field in model.model_fields.items():
        (line,) = [line for line in table.splitlines() if line.startswith(f"| `{name}` |")]
        assert str(field.description) in line
        assert ("| required |" in line) == field.is_required()


@pytest.mark.parametrize("analysis", methods())
def test_the_table_of_columns_is_the_face(analysis: str) -> None:
    table = tables.columns(analysis)
    for key, known in methods()[analysis].tables.items():
        assert f"| `{key}` |" in table
        for name, meaning in known.columns.items():
            assert f"| `{name}` | {meaning.replace('``', '`')} |" in table
    page = (DOCS / "analyses" / f"{analysis}.md").read_text(encoding="utf-8")
    assert f"```{{columns}} {analysis}\n```" in page


@pytest.mark.parametrize(
    ("analysis", "argument", "words"),
    [
        ("cox", "baseline", '`"site"` or `"exact"`'),
        ("cox", "strata", "list of text"),
        ("cox", "confidence_level", "number, 0.5 to below 1"),
        ("logistic", "levels", "mapping of text to list of text"),
        ("logistic", "max_rounds", "whole number, 2 to 100"),
        ("summary", "quantiles", "list of number, 0.001 to 0.999"),
    ],
)
def test_types_in_words(analysis: str, argument: str, words: str) -> None:
    assert f"| `{argument}` | {words} |" in tables.arguments(analysis)


@pytest.mark.parametrize("analysis", methods())
def test_what_leaves_is_what_is_declared(analysis: str) -> None:
    declared = load_site(face_of(analysis).package).leaves
    assert tables.leaves(analysis).count("\n") == 1 + sum(map(len, declared.values()))


def test_validation_shows_every_reference_fit() -> None:
    """A model more or less good than another: the table has a line for each, and R's call."""
    table = validation.table("logistic").splitlines()
    fitted = [case for case in validation.load("logistic") if "error" not in case.expected]
    names = [line.strip("| ").split(" (")[0].replace(" ", "_") for line in table[2:]]
    assert names == [case.id for case in fitted]
    assert "glm(low ~ " in table[2]
    gaps = [float(line.rstrip(" |").rsplit(" | ", 3)[1]) for line in table[2:]]
    assert max(gaps) < 1e-7


def test_formulas_of_the_page_are_in_the_grammar() -> None:
    text = (DOCS / "analyses" / "formula.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+?`) \| ", text, flags=re.MULTILINE)
    formulas = [code for row in rows for code in re.findall(r"`` (.+?) ``|`([^`]+)`", row)]
    assert len(formulas) > 15
    for quoted, plain in formulas:
        assert parse(quoted or plain).terms


@pytest.mark.parametrize("page", ["start/developer.md", "start/analyst.md"])
def test_code_of_the_start_pages_runs(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    ran = [value_of(b.code, names) for b in blocks(page) if b.language == "python"]
    assert ran


def test_links_of_the_repository_lead_to_pages() -> None:
    text = "[a](PRIVACY.md#the-grid), [b](docs/release.md), [`c`](LICENSE), [d](https://e.org/f.md)"
    turned = "[a](/privacy.md#the-grid), [b](/release.md), `c`, [d](https://e.org/f.md)"
    assert links.turn(text, "") == turned
    assert links.turn("[x](../../PRIVACY.md)", "algorithms/v6_cox") == "[x](/privacy.md)"


def test_pages_that_links_lead_to_exist() -> None:
    for file, page in links.PAGES.items():
        assert (ROOT / file).is_file()
        assert (DOCS / f"{page}.md").is_file()


def test_the_page_of_commands_has_them_all() -> None:
    page = commands.help_texts("")
    assert set(re.findall(r"^## `v6-clinical (\w[\w-]*)`$", page, re.MULTILINE)) == set(
        main.commands
    )
    assert "## `v6-clinical run cox`\n\n```text\nUsage: v6-clinical run cox [OPTIONS]" in page


def test_pages_that_other_programs_write_are_listed() -> None:
    assert contents.pages("no-such-folder") == ""
    listed = contents.pages("tutorials").splitlines()
    assert {"tutorials/cox", "tutorials/refusals"} <= set(listed)
    assert contents.pages("start").splitlines()[-2] == "start/operator"


@pytest.mark.parametrize("analysis", sizes.ROLES)
@pytest.mark.parametrize("rows", [30, 60, 95])
def test_the_sizes_on_pages_are_what_sites_carry(analysis: str, rows: int) -> None:
    """By the words of R7: a parameter for ten rows, the likelihood half, a baseline two."""
    beside = 2 if analysis == "cox" else 1.5
    assert sizes.carried(analysis, rows) == int(rows / 10 - beside)
    assert f"| {rows} |" in sizes.table(str(rows))


def test_no_page_states_by_hand_what_rows_carry() -> None:
    said = re.compile(r"\b\d+ (?:rows|patients|births|women)\b[^.|]*\bcarr(?:y|ies)\b")
    pages = [*DOCS.rglob("*.md"), ROOT / "README.md", *(ROOT / "algorithms").glob("*/README.md")]
    assert [page.name for page in pages if said.search(page.read_text(encoding="utf-8"))] == []
    assert "{carried}" in (DOCS / "start" / "analyst.md").read_text(encoding="utf-8")


def test_the_table_of_settings_is_the_code() -> None:
    table = tables.settings("")
    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == list(SETTINGS)
    assert "{settings}" in (DOCS / "node-operator.md").read_text(encoding="utf-8")
