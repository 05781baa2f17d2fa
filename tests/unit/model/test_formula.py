"""The parser reads the grammar and nothing else; only FormulaError leaves it, with the part."""

import builtins
import subprocess
import sys
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers.formulas import CASES
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.formula import Formula, from_predictors, parse
from v6_clinical.model.terms import raw_columns

# The formula, and a text that the error's part must contain.
REFUSED = [
    ("__import__('os').system('touch canary')", "__import__('os').system"),
    ("`x` + __import__('os')", "__import__('os')"),
    ("eval('1')", "eval('1')"),
    ("x.__class__", "x.__class__"),
    ("C(x.__class__)", "x.__class__"),
    ("(x).y", ".y"),
    ("np.log(x)", "np.log(x)"),
    ("exp(x)", "exp(x)"),
    ("x/y", "x/y"),
    ("x>3", "x>3"),
    ("x == 3", "=="),
    ("I(x > 3)", "x > 3"),
    ("I((x > 3)*1)", "x > 3"),
    ("lambda x: x", "x"),
    ("C(lambda: 0)", "lambda: 0"),
    ("(lambda: 0)()", "0"),
    ("f'{x}'", "f'{x}'"),
    ("C(x, ref=f'{x}')", "f'{x}'"),
    ("C(x, ref=b'a')", "b'a'"),
    ("C(x, ref='a' + 'b')", "'a' + 'b'"),
    ("C(x, ref=True)", "True"),
    ("I(x := 3)", "x := 3"),
    ("[x for x in y]", "[x"),
    ("I([x for x in y])", "[x for x in y]"),
    ("I(sum(x for x in y))", "sum(x for x in y)"),
    ("log([x][0])", "[x][0]"),
    ("I(x + y)", "x + y"),
    ("I(x*y)", "x*y"),
    ("I(x/y)", "x/y"),
    ("I(1/x)", "1/x"),
    ("I(x/0)", "x/0"),
    ("I(x // 2)", "x // 2"),
    ("I(x % 2)", "x % 2"),
    ("I(~x)", "~x"),
    ("I(x if x else 0)", "x if x else 0"),
    ("I(x**4)", "x**4"),
    ("I((x + 1)**2)", "(x + 1)**2"),
    ("I(2**x)", "2**x"),
    ("I(x*1e400)", "1e400"),
    ("I(x*2j)", "2j"),
    ("I(x*" + "9" * 700 + ")", "999"),
    ("I(0*x)", "I(0*x)"),
    ("I(x - x)", "I(x - x)"),
    ("I(7)", "I(7)"),
    ("I(x, 2)", "I(x, 2)"),
    ("I()", "I()"),
    ("log(x + 1)", "x + 1"),
    ("log(log(x))", "log(x)"),
    ("log(x, base=2)", "2"),
    ("log(*x)", "*x"),
    ("log(**x)", "log(**x)"),
    ("log(x)(y)", "("),
    ("log(x)[0]", "[0]"),
    ("log(ﬁeld)", "ﬁeld"),
    ("scale(x, y)", "scale(x, y)"),
    ("bs(x)", "bs(x)"),
    ("bs(x, 4)", "bs(x, 4)"),
    ("bs(x, df=2)", "bs(x, df=2)"),
    ("bs(x, df=7)", "bs(x, df=7)"),
    ("ns(x, df=1)", "ns(x, df=1)"),
    ("ns(x, df=6)", "ns(x, df=6)"),
    ("bs(x, df=3.5)", "3.5"),
    ("bs(x, df=True)", "True"),
    ("bs(x, df=4, knots=[1])", "bs(x, df=4, knots=[1])"),
    ("ns(x, knots=[1, 1])", "ns(x, knots=[1, 1])"),
    ("ns(x, knots=[2, 1])", "ns(x, knots=[2, 1])"),
    ("ns(x, knots=[1,2,3,4,5])", "ns(x, knots=[1,2,3,4,5])"),
    ("ns(x, knots=[])", "ns(x, knots=[])"),
    ("ns(x, knots=[1], lower=2)", "ns(x, knots=[1], lower=2)"),
    ("ns(x, knots=range(3))", "range(3)"),
    ("bs(x, df=4, degree=1)", "1"),
    ("C(x) + x", "x"),
    ("C(x) + C(x, ref='b')", "x"),
    ("C(x) + log(x)", "x"),
    ("y ~ x", "~"),
    ("x | y", "|"),
    ("x %in% y", "%in%"),
    ("x in y", "in"),
    ("a b", "b"),
    (".", "."),
    ("a +", "+"),
    ("* a", "*"),
    ("a ++ b", "+"),
    ("a:1", "1"),
    ("2*a", "2"),
    ("a + 2", "2"),
    ("a*0", "0"),
    ("(a - 1)", "1"),
    ("a^2", "^"),
    ("(a + b)**2", "**"),
    ("(a + b)^b", "b"),
    ("(a + b)^0", "0"),
    ("(a + b)^9", "9"),
    ("x**4", "4"),
    ("log(x)**2", "**"),
    ("'a'", "'a'"),
    ("{a}", "{a}"),
    ("@a", "@a"),
    ("a; b", ";"),
    ("a\\b", "a\\b"),
    ("a\x00b", "\x00"),
    ("()", ")"),
    ("a)", ")"),
    ("(a", "a"),
    ("log(x", "log(x"),
    ("C(x, ref='a)", "C(x, ref='a)"),
    ("`a", "`a"),
    ("``", "``"),
    ("` `", " "),
    ("", ""),
    (" \n", ""),
    ("0", "0"),
    ("a - a - 1", "a - a - 1"),
    ("a" * 201, "aaa"),
    ("a + " * 2_499 + "b + c", "a + a"),
    ("a" * 10_001, "aaa"),
    ("(" * 50 + "a" + ")" * 50, "("),
    ("I(" + "(" * 400 + "x" + ")" * 400 + ")", "I((("),
    ("I(" + "-" * 900 + "x)", "I(---"),
    ("I(" + "x+" * 400 + "x)", "I(x+"),
    ("(" + "+".join(f"v{i}" for i in range(40)) + ")^6", "(v0+v1"),
    ("((((a*b*c)^6)^6)^6)^6", "((((a*b*c)"),
    ("*".join("abcdefghijklmnopqrstuvwxyz"), "a*b*c"),
    ("a:b:c:d:e:f:g", "a:b:c:d:e:f:g"),
    ("+".join(f"v{i}" for i in range(201)), "v0+v1"),
]


@pytest.mark.parametrize(("formula", "part"), REFUSED, ids=[case[0][:40] for case in REFUSED])
def test_refused_by_part(formula: str, part: str) -> None:
    """Whatever is not in the grammar is refused at once, naming the piece and a remedy."""
    started = time.perf_counter()
    with pytest.raises(FormulaError) as caught:
        parse(formula)
    assert part in caught.value.part
    assert len(caught.value.part) <= 80
    assert caught.value.remedy
    assert time.perf_counter() - started < 2


def test_nothing_is_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    """No eval, exec or import of a name from a formula happens while parsing."""
    parse("a")  # imports formulaic

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("evaluated")

    monkeypatch.setattr(builtins, "eval", forbidden)
    monkeypatch.setattr(builtins, "exec", forbidden)
    monkeypatch.setattr("os.system", forbidden)
    for formula, _ in REFUSED:
        with pytest.raises(FormulaError):
            parse(formula)
    for formula, _, _ in CASES:
        parse(formula)


def test_a_site_does_not_load_the_parser() -> None:
    """Everything that a partial needs comes without formulaic, pandas and scipy."""
    modules = "affine calls coding columns design factors formula knots levels moments terms values"
    code = (
        "import sys\n"
        + "".join(f"import v6_clinical.model.{module}\n" for module in modules.split())
        + "print(sorted({'formulaic', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "[]"


def labels(formula: str) -> list[str]:
    return [term.label for term in parse(formula).terms]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("x**2", ["I(x ** 2)"]),
        ("poly2(x) + I(x^2)", ["x", "I(x ** 2)"]),
        ("poly2(`a b`):z", ["a b:z", "I(`a b` ** 2):z"]),
        ("b:a + a:b + x", ["x", "b:a"]),
        ("a*b - a", ["b", "a:b"]),
        ("(a + b + c)^2 - a:c", ["a", "b", "c", "a:b", "b:c"]),
        ("a - b", ["a"]),
        ("-a + b", ["b"]),
        ("log( x ) + log(`x`)", ["log(x)"]),
        ('C(x,ref="II")', ["C(x, ref='II')"]),
        ("C(x, ref=2)", ["C(x, ref='2')"]),
        ("C(x, ref='a) `b')", ["C(x, ref='a) `b')"]),
        ("I(x/10) + I( -(3-2*`a b`)/4 )", ["I(x / 10)", "I(-(3 - 2 * `a b`) / 4)"]),
        ("ns(x, lower=-1, knots=[0, 1.5])", ["ns(x, knots=[0, 1.5], lower=-1)"]),
        ("`a+b`*`:`", ["a+b", ":", "a+b::"]),
        ("`log(x)` + log(x)", ["log(x)", "log(x)"]),
        ("`^` + `)` + `1`", ["^", ")", "1"]),
        ("log (x)\n + y", ["log(x)", "y"]),
        ("für + in_ + lambda", ["für", "in_", "lambda"]),
    ],
)
def test_reads(formula: str, expected: list[str]) -> None:
    """Spellings of one thing are one term; names in backquotes are never code."""
    assert labels(formula) == expected


@pytest.mark.parametrize(
    ("formula", "intercept"),
    [
        *[("a", True), ("1 + a", True), ("a - 1 + 1", True), ("1", True)],
        *[("a - 1", False), ("0 + a", False), ("-1 + a", False), ("a + 0", False)],
    ],
)
def test_intercept(formula: str, intercept: bool) -> None:
    """0 and -1 remove the intercept, wherever they stand."""
    assert parse(formula).intercept is intercept


def test_raw_columns_each_once() -> None:
    """The columns that a site must have."""
    terms = parse("log(x)*z + x**2 + `a b`").terms
    assert raw_columns(terms) == ("x", "z", "a b")


@pytest.mark.parametrize(
    "predictors", [[""], ["a", "a"], ["a" * 201], [1], [None], ["  "], ["a"] * 300]
)
def test_predictors_refused(predictors: list[str]) -> None:
    """Empty, repeated and absurd names."""
    with pytest.raises(FormulaError):
        from_predictors(predictors)


def test_no_predictors_is_the_null_model() -> None:
    """An empty list is a model with an intercept alone."""
    assert from_predictors([]) == Formula((), True)


@pytest.mark.parametrize("formula", [None, 1, ["a"], b"a"])
def test_not_text(formula: object) -> None:
    """A formula of another type."""
    with pytest.raises(FormulaError):
        parse(formula)  # type: ignore[arg-type]


WORDS = ["a", "b", "`c d`", "log(", "C(", "I(", "bs(", "ns(", "poly2(", "scale(", "lambda "]
ARGUMENTS = ["df=4", "knots=[", "ref=", ",", "0", "1", "2", "3", "1e9", "-1", ":="]
SIGNS = ["+", "-", "*", "**", ":", "^", "/", "%", "|", "~", ".", "#", "@", ";", "\\", "\n", " "]
BRACKETS = ["(", ")", "[", "]", "{", "}", "'", '"', "`", "é", "²", "١", "_"]
PIECES = st.sampled_from([*WORDS, *ARGUMENTS, *SIGNS, *BRACKETS])


def only_formula_errors(formula: str) -> None:
    try:
        parse(formula)
    except FormulaError as error:
        assert error.remedy


@settings(max_examples=1_500, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
@example("`a`**2**3")
@example("a**2:b^")
@example("(a)^2^2")
@example("factor(``)")
@example("d(``)")
def test_fuzz_of_pieces(formula: str) -> None:
    """Pieces of the grammar in any order: read, or refused."""
    only_formula_errors(formula)


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=60))
def test_fuzz_of_text(formula: str) -> None:
    """Any text at all: read, or refused."""
    only_formula_errors(formula)
    only_formula_errors(f"log({formula})")
    only_formula_errors(f"I({formula})")
