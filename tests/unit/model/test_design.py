"""The design matrix equals formulaic's on the pooled rows, however these are split into sites."""

import itertools

import numpy as np
import pandas as pd
import pytest
from formulaic import model_matrix
from formulaic.transforms import basis_spline

from helpers.formulas import CASES
from helpers.model_rows import LEVELS, pooled_frame, site_columns, split
from v6_clinical.errors import SITE_CODES, RefusalError
from v6_clinical.model.coding import (
    coding,
    coding_from_json,
    coding_to_json,
    full_coding,
)
from v6_clinical.model.columns import CategoricalColumn, NumericColumn
from v6_clinical.model.design import Coding
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.factors import Affine, Spline
from v6_clinical.model.formula import Formula, from_predictors, parse
from v6_clinical.model.moments import Moments, needs_moments, resolve

FRAME = pooled_frame()
MOMENTS = {
    name: Moments(float(FRAME[name].mean()), float(FRAME[name].std()))
    for name in FRAME.columns
    if name not in LEVELS
}


def resolved(formula: str) -> Formula:
    parsed = parse(formula)
    return Formula(resolve(parsed.terms, MOMENTS), parsed.intercept)


def agreed(formula: str) -> Coding:
    found = resolved(formula)
    return coding(found.terms, LEVELS, intercept=found.intercept)


def formulaic_matrix(formula: str, spelling: str | None, renamed: dict[str, str]) -> pd.DataFrame:
    """Return formulaic's matrix, its splines given our knots, its names in our spelling."""
    splines = {
        factor.width: factor
        for term in resolved(formula).terms
        for factor in term.factors
        if isinstance(factor, Spline)
    }

    def bs(x: pd.Series, placed: int, _state: dict[str, object] | None = None) -> object:
        lower, *knots, upper = splines[placed].placed or ()
        return basis_spline(
            x, knots=knots, lower_bound=lower, upper_bound=upper, extrapolation="extend", _state={}
        )

    context = {"bs": bs, "log1p": np.log1p, "sqrt": np.sqrt}
    matrix = model_matrix(spelling or formula, FRAME, context=context)
    names = [str(name) for name in matrix.columns]
    for theirs, ours in renamed.items():
        names = [name.replace(theirs, ours) for name in names]
    return pd.DataFrame(np.asarray(matrix, dtype=np.float64), columns=names)


@pytest.mark.parametrize(("formula", "spelling", "renamed"), CASES, ids=[case[0] for case in CASES])
def test_equals_formulaic(formula: str, spelling: str | None, renamed: dict[str, str]) -> None:
    """Names, order and values are those of formulaic's full-rank matrix."""
    expected = formulaic_matrix(formula, spelling, renamed)
    found = agreed(formula)
    assert list(found.names) == list(expected.columns)
    matrix = found.matrix(site_columns(FRAME), rows=len(FRAME))
    np.testing.assert_allclose(matrix, expected.to_numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("formula", [case[0] for case in CASES])
def test_sites_stack(formula: str) -> None:
    """Sites that lack levels, the reference included, give the rows of the pooled matrix."""
    found = agreed(formula)
    pooled = found.matrix(site_columns(FRAME), rows=len(FRAME))
    for rows in split(FRAME):
        site = site_columns(FRAME[rows])
        np.testing.assert_array_equal(found.matrix(site, rows=int(rows.sum())), pooled[rows])


@pytest.mark.parametrize("formula", [case[0] for case in CASES])
def test_full_coding_selects(formula: str) -> None:
    """Labelled cross products in full coding, summed over sites, hold those of the agreed one."""
    model = resolved(formula)
    found = coding(model.terms, LEVELS, intercept=model.intercept)
    summed: dict[tuple[str, str], float] = {}
    for rows in split(FRAME):
        site = site_columns(FRAME[rows])
        own = {
            name: column.levels
            for name, column in site.items()
            if isinstance(column, CategoricalColumn)
        }
        full = full_coding(model.terms, own, model.intercept)
        assert full.names == full.full_names
        x = full.matrix(site, rows=int(rows.sum()))
        for (i, first), (j, second) in itertools.product(enumerate(full.names), repeat=2):
            key = (first, second)
            summed[key] = summed.get(key, 0.0) + float(x[:, i] @ x[:, j])
    names = sorted({first for first, _ in summed})
    gram = np.array([[summed.get((i, j), 0.0) for j in names] for i in names])
    matrix = found.matrix(site_columns(FRAME), rows=len(FRAME))
    scale = np.linalg.norm(matrix, axis=0)
    expected = (matrix / scale).T @ (matrix / scale)
    places = [names.index(name) for name in found.full_names]
    picked = gram[np.ix_(places, places)] / np.outer(scale, scale)
    np.testing.assert_allclose(picked, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("formula", [case[0] for case in CASES])
def test_coding_survives_json(formula: str) -> None:
    """A site rebuilds the same columns from the message."""
    found = agreed(formula)
    if any(isinstance(one, Affine) for term in found.terms for one in term.factors):
        pytest.skip("changes of unit are not sent")
    assert coding_from_json(coding_to_json(found)) == found


@pytest.mark.parametrize(
    "change",
    [
        {"intercept": 1},
        {"levels": {"sex": ["F", 1]}},
        {"levels": {"sex": ["F", "F"]}},
        {"levels": {"sex": "FM"}},
        {"levels": {"age": ["1"], "sex": ["F", "M"]}},
        {"references": {"sex": "X"}},
        {"terms": "sex"},
        {"terms": [1]},
        {"extra": 0},
    ],
)
def test_a_site_refuses_another_message(change: dict[str, object]) -> None:
    """What is not a coding is refused, whoever sent it."""
    message = coding_to_json(agreed("sex + I(age**2)")) | change
    with pytest.raises(FormulaError):
        coding_from_json(message)


def test_reference_overrides_the_first_level() -> None:
    """A reference given beside the levels goes before their order, C(ref=) before both."""
    terms = parse("stage").terms
    found = coding(terms, LEVELS, {"stage": "II"})
    assert found.names == ("Intercept", "stage[T.I]", "stage[T.III]")
    own = coding(parse("C(stage, ref='III')").terms, LEVELS, {"stage": "II"})
    assert own.names[1:] == ("C(stage, ref='III')[T.I]", "C(stage, ref='III')[T.II]")
    with pytest.raises(FormulaError, match="not a level"):
        coding(terms, LEVELS, {"stage": "IV"})


def test_predictors_are_verbatim() -> None:
    """Names that would be code or operators are columns like any other."""
    names = ["age", "body mass", "x + y", "__class__", "I(x)", "quote\"s'", "größe", "a`b"]
    model = from_predictors(names)
    assert coding(model.terms, {}).names == ("Intercept", *names)
    values = {name: NumericColumn(np.arange(3.0)) for name in names}
    assert coding(model.terms, {}).matrix(values).shape == (3, 9)


def test_sides_agree_on_unknown_levels_and_kinds() -> None:
    """Errors carry the column and a code; the level is not echoed."""
    found = agreed("sex + age")
    columns = site_columns(FRAME)
    columns["sex"] = CategoricalColumn(np.zeros(len(FRAME), np.int64), ("canary",))
    with pytest.raises(RefusalError) as caught:
        found.matrix(columns)
    assert (caught.value.code, caught.value.where) == ("UNKNOWN_LEVEL", ("sex",))
    assert "canary" not in str(caught.value)
    columns["sex"] = columns["age"]
    with pytest.raises(RefusalError, match="NOT_NUMERIC"):
        found.matrix(columns)
    columns["age"] = CategoricalColumn(np.zeros(len(FRAME), np.int64), ("F",))
    with pytest.raises(RefusalError, match="NOT_NUMERIC"):
        agreed("age").matrix(columns)
    del columns["age"]
    with pytest.raises(RefusalError, match="COLUMN_MISSING"):
        found.matrix(columns)


def test_a_level_without_rows_is_no_unknown_level() -> None:
    """Categories of pandas that the complete cases no longer use do not matter."""
    column = CategoricalColumn(np.zeros(2, np.int64), ("M", "unused"))
    matrix = coding(parse("sex").terms, LEVELS).matrix({"sex": column})
    np.testing.assert_array_equal(matrix, [[1, 1], [1, 1]])


def test_rows_must_be_complete_and_of_one_length() -> None:
    """A caller's mistakes are errors, not numbers."""
    found = coding(parse("sex + age").terms, LEVELS)
    age = NumericColumn(np.arange(2.0))
    with pytest.raises(ValueError, match="missing"):
        found.matrix({"age": age, "sex": CategoricalColumn(np.array([0, -1]), ("F",))})
    with pytest.raises(ValueError, match="length"):
        found.matrix({"age": age, "sex": CategoricalColumn(np.array([0]), ("F",))})


def test_overflow_is_refused() -> None:
    """A product beyond float64 is a code, not an infinity."""
    with pytest.raises(RefusalError, match="NON_FINITE") as caught:
        agreed("I(age**3):I(bmi**3)").matrix(
            {name: NumericColumn(np.full(2, 1e70)) for name in ("age", "bmi")}
        )
    assert caught.value.where == ("I(age ** 3):I(bmi ** 3)",)


@pytest.mark.skipif("DOMAIN" not in SITE_CODES, reason="errors.SITE_CODES lacks DOMAIN")
@pytest.mark.parametrize(
    ("formula", "edge", "allowed"),
    [("log(x)", 0.0, False), ("log1p(x)", -1.0, False), ("sqrt(x)", 0.0, True)],
)
def test_domain(formula: str, edge: float, allowed: bool) -> None:
    """Values without a logarithm or square root are refused by the label alone."""
    found = coding(parse(formula).terms, {})
    inside = found.matrix({"x": NumericColumn(np.array([edge + 1e-9, 3.0]))})
    assert np.isfinite(inside).all()
    for value, fine in ((edge, allowed), (edge - 1e-9, False)):
        column = {"x": NumericColumn(np.array([value, 3.0]))}
        if fine:
            found.matrix(column)
            continue
        with pytest.raises(RefusalError, match="DOMAIN") as caught:
            found.matrix(column)
        assert caught.value.where == (formula,)


def test_unresolved_terms_have_no_matrix() -> None:
    """Pooled moments come first."""
    for formula in ("scale(age)", "bs(age, df=4)"):
        terms = parse(formula).terms
        assert needs_moments(terms) == ("age",)
        with pytest.raises(FormulaError, match="moments"):
            coding(terms, {}).matrix(site_columns(FRAME))
        assert needs_moments(resolve(terms, MOMENTS)) == ()


@pytest.mark.parametrize(
    ("formula", "count", "derived"),
    [
        ("age + bmi", 3, [False, False, False]),
        ("sex + stage", 4, [False, True, True, True]),
        ("age*sex", 4 + 1, [False, False, True, True]),
        ("poly2(age)", 3 + 1, [False, False, True]),
        ("ns(age, df=3) + age", 5 + 3, [False, False, True, True, True]),
        ("age*bmi", 4 + 1, [False, False, False, True]),
        ("scale(age) + I(bmi/10)", 3, [False, False, False]),
        ("sex:age - 1", 2 + 1, [True, True]),
    ],
)
def test_parameters_in_the_sense_of_r7(formula: str, count: int, derived: list[bool]) -> None:
    """Second and further columns of one numeric column count twice; categories do not."""
    found = agreed(formula)
    assert found.parameter_count() == count
    assert sorted(found.derived) == sorted(derived)


def test_term_labels_group_columns() -> None:
    """Every column knows its term: what a joint test or a diagnosis is about."""
    assert agreed("stage + age").term_labels == ("Intercept", "stage", "stage", "age")


def test_contradictions_are_named() -> None:
    """Transforms of categories, unknown levels of C(), equal names and floods of columns."""
    with pytest.raises(FormulaError, match="categorical"):
        coding(parse("log(sex)").terms, LEVELS)
    with pytest.raises(FormulaError, match="levels are not known"):
        coding(parse("C(visits)").terms, LEVELS)
    with pytest.raises(FormulaError, match="this name"):
        coding(parse("`age:bmi` + age:bmi").terms, {})
    many = {name: tuple(map(str, range(40))) for name in "abc"}
    with pytest.raises(FormulaError, match="64000 design columns") as caught:
        coding(parse("a:b:c - 1").terms, many)
    assert "collapse" in caught.value.remedy
