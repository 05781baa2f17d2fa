"""Every attack, bad input and fault of the lists has a test that bears its id in its name."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LISTS = {"attacks": ("A", 20), "bad inputs": ("B", 27), "faults": ("F", 17)}
BLUR = {*(f"A{k}" for k in (*range(21, 28), *range(37, 41)))}  # attacks on the noise
KEYS = {*(f"A{k}" for k in range(28, 37))}  # on masks, and sites that check each other by keys


def ids(letter: str, count: int) -> list[str]:
    return [f"{letter}{number:02}" for number in range(1, count + 1)]


def bearing() -> set[str]:
    """Return the ids in the names of all test functions, and of the cases of the matrix."""
    found: set[str] = set()
    for file in TESTS.rglob("test_*.py"):
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE):
            found |= set(re.findall(r"(?<=_)[ABF]\d\d(?=_|$)", name))
        found |= set(re.findall(r"\bBad\(f?\"(B\d\d) ", file.read_text()))
    return found


@pytest.mark.parametrize("what", LISTS)
def test_every_id_has_a_test(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    wanted, found = ids(*LISTS[what]), bearing()
    missing = [name for name in wanted if name not in found]
    with capsys.disabled():
        print(f"\n{what}: {len(wanted) - len(missing)} of {len(wanted)} have tests")
    assert not missing


def test_no_test_bears_an_id_that_is_not_listed() -> None:
    listed = {name for letter_count in LISTS.values() for name in ids(*letter_count)}
    assert bearing() <= listed | BLUR | KEYS
    assert bearing() >= BLUR | KEYS


def test_the_table_of_attacks_lists_each_once() -> None:
    table = (TESTS / "privacy" / "README.md").read_text()
    expected = ids(*LISTS["attacks"]) + sorted(BLUR | KEYS)
    assert re.findall(r"^\| (A\d\d) \|", table, re.MULTILINE) == expected
    named = set(re.findall(r"R\d+", table))
    rules = (TESTS.parent / "PRIVACY.md").read_text()
    assert named <= set(re.findall(r"^\| (R\d+) \|", rules, re.MULTILINE))


def test_every_known_limit_is_measured() -> None:
    """The last column of the limits of the promise: beginnings of names of tests in privacy/."""
    limits = (TESTS.parent / "PRIVACY.md").read_text().split("## How to check")[0]
    rows = re.findall(r"^\| \*\*.*\|$", limits, re.MULTILINE)
    files = "".join(file.read_text() for file in (TESTS / "privacy").rglob("test_*.py"))
    tests = re.findall(r"^def test_(\w+)", files, re.MULTILINE)
    named = [re.findall(r"`(A\d\d_\w*)`", row.split("|")[-2]) for row in rows]
    assert len(rows) > 10
    assert all(named)
    told = {name for names in named for name in names}
    assert not [name for name in told if not any(test.startswith(name) for test in tests)]
    limits_run = [test for test in tests if "known_limit" in test]
    assert not [test for test in limits_run if not test.startswith(tuple(told))]


def test_the_readme_counts_what_is_listed() -> None:
    readme = (TESTS.parent / "README.md").read_text()
    counts = [count for _, count in (LISTS[what] for what in ("attacks", "bad inputs", "faults"))]
    told = re.findall(r"(\d+) (?:attacks fail|kinds of bad input|faults end)", readme)
    assert [int(number) for number in told] == counts


PAGES = [*TESTS.parent.glob("*.md"), *TESTS.parent.glob("algorithms/**/*.md")]


@pytest.mark.parametrize(
    "page", sorted(PAGES), ids=lambda page: str(page.relative_to(TESTS.parent))
)
def test_a_readme_names_files_that_exist(page: Path) -> None:
    named = re.findall(r"`((?:tests|common|algorithms|docs|ci)/[\w./-]+)`", page.read_text())
    missing = [name for name in named if not (TESTS.parent / name).exists()]
    assert not missing
