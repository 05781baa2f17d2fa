"""Coefficients of the user's units from those of the raw columns."""

import numpy as np
import pytest

from helpers.model_rows import LEVELS, pooled_frame, site_columns
from v6_clinical.model.affine import affine_map, raw_terms
from v6_clinical.model.coding import coding
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.formula import parse
from v6_clinical.model.moments import Moments, resolve
from v6_clinical.model.terms import to_json

FRAME = pooled_frame()


@pytest.mark.parametrize(
    "formula",
    [
        "age",
        "I(age/10)",
        "I(age/10 - 6) + bmi",
        "I(1.8*age + 32)*sex",
        "I(age/10):sex",
        "I(age/10) - 1",
        "I(age - 60)*I((bmi - 25)/5)",
        "I(age - 60)*I((bmi - 25)/5)*sex",
        "sex + I(age + 5):sex",
        "I(age - 60) + sex - 1",
        "sex - 1 + I(age - 60):sex",
        "I(age - 60) + sex:stage - 1",
        "I(age - 60):stage + sex:stage - 1",
        "sex*stage + I(age - 60):sex:stage",
        "sex:stage + I(age - 60):sex",
        "sex:stage + I(age - 60):stage:sex",
        "poly2(bmi):sex + bs(dose, knots=[40], lower=-40, upper=120)*I(age + 1)",
        "I(age/10) + I(age**2)",
        "I(1e-6*dose) + I(1e9*bmi - 3)",
    ],
)
def test_maps_coefficients(formula: str) -> None:
    """X_user T = X_raw, so that both give the same linear predictor; sites see no a or b."""
    parsed = parse(formula)
    terms = resolve(parsed.terms, {"dose": Moments(40.0, 40.0)})
    user = coding(terms, LEVELS, intercept=parsed.intercept)
    raw = coding(raw_terms(terms), LEVELS, intercept=parsed.intercept)
    assert "affine" not in str(to_json(raw.terms))
    columns = site_columns(FRAME)
    x_user, x_raw = user.matrix(columns), raw.matrix(columns)
    t = affine_map(user)
    scale = np.abs(x_raw).max(axis=0)
    np.testing.assert_allclose(x_user @ t / scale, x_raw / scale, rtol=0, atol=1e-11)


def test_without_a_change_of_unit_it_is_the_identity() -> None:
    """Nothing is computed where nothing changes."""
    user = coding(parse("age*sex + log(dose)").terms, LEVELS)
    np.testing.assert_array_equal(affine_map(user), np.eye(5))


@pytest.mark.parametrize(
    ("formula", "lacking"),
    [
        ("I(age + 5) - 1", "the intercept"),
        ("I(age + 5):bmi", "bmi"),
        ("I(age + 5):sex", "sex"),
        ("bmi + I(age - 1):I(bmi - 1)", "age"),
        ("I(age + 5):sex:stage + sex + stage", "sex:stage"),
    ],
)
def test_a_shift_needs_the_lower_order(formula: str, lacking: str) -> None:
    """Where the model without the shift is another model, it is refused by name."""
    parsed = parse(formula)
    user = coding(parsed.terms, LEVELS, intercept=parsed.intercept)
    with pytest.raises(FormulaError, match=f"needs {lacking} in the model") as caught:
        affine_map(user)
    assert caught.value.part.count("I(")


@pytest.mark.parametrize("formula", ["age + I(age/10)", "I(age/10)*age", "I(age/2) + I(age/3)"])
def test_one_column_in_two_units(formula: str) -> None:
    """Collinear by construction: refused."""
    with pytest.raises(FormulaError):
        raw_terms(parse(formula).terms)
