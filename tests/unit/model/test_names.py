"""Names that two things in a result would share are found before any site is asked."""

import pytest

from v6_clinical.model.coding import coding, shown_references
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.formula import from_predictors, parse
from v6_clinical.model.names import check_names


@pytest.mark.parametrize(
    ("formula", "name"),
    [
        ("Intercept + x", "Intercept"),
        ("`Intercept/0`", "Intercept/0"),
        ("`Intercept[site 1]` * x", "Intercept[site 1]"),
        ("`age:sex[T.M]` + age * sex", "age:sex[T.M]"),
        ("`a:b` + a:b", "a:b"),
        ("`log(x)` + log(x)", "log(x)"),
        ("`C(g)[T.2]` + C(g)", "C(g)[T.2]"),
        ("`bs(x, df=4)[1]` + bs(x, df=4)", "bs(x, df=4)[1]"),
        ("`sex[M]` + sex", "sex[M]"),
        ("age + ` age`", "age"),
    ],
)
def test_a_name_with_two_meanings_is_named(formula: str, name: str) -> None:
    with pytest.raises(FormulaError) as error:
        check_names(parse(formula).terms)
    assert error.value.part.strip() == name


@pytest.mark.parametrize(
    "formula",
    [
        "age * sex",
        "`sex[T.M]` + age",
        "`a:b` + a",
        "Intercepts + term",
        "log(Intercept)",
        "x + x**2",
    ],
)
def test_other_names_are_free(formula: str) -> None:
    check_names(parse(formula).terms)


def test_names_of_predictors_are_checked_as_they_stand() -> None:
    with pytest.raises(FormulaError, match="intercept"):
        check_names(from_predictors(["Intercept", "sex"]).terms)


def test_references_are_those_that_columns_are_compared_with() -> None:
    """C(x, ref=) goes before the request's reference; a factor that keeps all levels has none."""
    levels = {"g": ["a", "b"], "h": ["u", "v"]}
    for formula, expected in (
        ("g + h", {"g": "a", "h": "v"}),
        ("0 + g + h", {"h": "v"}),
        ("C(g, ref='b')", {"C(g, ref='b')": "b"}),
        ("x", {}),
    ):
        read = parse(formula)
        agreed = coding(read.terms, levels, {"g": "a", "h": "v"}, read.intercept)
        assert shown_references(agreed) == expected
