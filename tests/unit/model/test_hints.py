"""R's words in a formula are refused with what to write instead; words of Python are names."""

import keyword

import numpy as np
import pandas as pd
import pytest

from v6_clinical.disclosure import Policy
from v6_clinical.model.errors import FormulaError
from v6_clinical.model.formula import parse
from v6_clinical.platforms import local

HINTS = [
    ("factor(sex)", "C(sex)"),
    ("as.factor(sex)", "C(sex)"),
    ("as.factor(`kind of sex`)", "C(`kind of sex`)"),
    ("age + factor(class)", "C(class)"),
    ("ordered(stage, levels=c('I', 'II'))", "levels={'stage': [...]}"),
    ("relevel(stage, ref='II')", "C(stage, ref='II')"),
    ("relevel(factor(stage), 'II')", "C(stage, ref='II')"),
    ("C(stage, Treatment('II'))", "C(x, ref='...')"),
    ("C(stage, levels=['I'])", "levels={'x': [...]}"),
    ("age + strata(stage)", "strata=['stage']"),
    ("cluster(id)", "cluster='id'"),
    ("frailty(id)", "cluster='id'"),
    ("(1|id)", "cluster='x'"),
    ("offset(age)", "offset='age'"),
    ("weights(w)", "weights='w'"),
    ("Surv(time, status) ~ age", "right-hand side"),
    ("y ~ age", "right-hand side"),
    ("rcs(age, 3)", "ns(age, df=2)"),
    ("rcs(age, 5)", "ns(age, df=4)"),
    ("rcs(age)", "ns(age, df="),
    ("ns(age, 3)", "ns(x, df=3)"),
    ("s(age)", "ns(age, df=4)"),
    ("pspline(age)", "ns(age, df=4)"),
    ("poly(age, 2)", "poly2(age)"),
    ("log10(crp)", "log(crp)"),
    ("log2(crp)", "log(crp)"),
    ("ln(crp)", "log(crp)"),
    ("np.log(crp)", "log(crp)"),
    ("log(crp + 1)", "log1p(x)"),
    ("I(log(crp))", "log(crp) without I()"),
    ("exp(crp)", "ns(crp, df=3)"),
    ("as.numeric(crp)", "Write crp"),
    ("age > 20", "C(age_group)"),
    ("age >= 20", "C(age_group)"),
    ("stage == 'II'", "C(age_group)"),
    ("stage != 'II'", "C(age_group)"),
    ("I(age > 20)", "C(age_group)"),
    ("C(age > 20)", "C(age_group)"),
    ("cut(bmi, c(0, 25, 30))", "C(bmi_group)"),
    ("pd.cut(bmi, 3)", "C(bmi_group)"),
    ("ifelse(bmi, 1, 0)", "C(bmi_group)"),
    ("stage %in% c('I', 'II')", "collapse="),
    ("y := age", "Nothing is assigned"),
    ("y <- age", "Nothing is assigned"),
    ("weight / height", "Quotients of columns are not allowed"),
    ("I(weight / height)", "a site can add a column"),
    (".", "Name each column"),
    ("age + .", "Name each column"),
    ("birth.weight", "`birth.weight`"),
    ("data$age", "Write the column's name only"),
]


@pytest.mark.parametrize(("formula", "words"), HINTS)
def test_a_word_of_r_is_refused_with_what_to_write_instead(formula: str, words: str) -> None:
    with pytest.raises(FormulaError) as refused:
        parse(formula)
    assert words in refused.value.remedy


@pytest.mark.parametrize("word", [*keyword.kwlist, "factor", "strata", "C", "NULL", "TRUE", "if"])
@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("{}", "{}"),
        ("C({})", "C({})"),
        ("C( {} , ref = 'a')", "C({}, ref='a')"),
        ("log({})", "log({})"),
        ("I({}/10)", "I({} / 10)"),
        ("I({}**2)", "I({} ** 2)"),
        ("ns({}, df=3)", "ns({}, df=3)"),
        ("C(`{}`)", "C({})"),
    ],
)
def test_any_word_may_name_a_column(word: str, written: str, label: str) -> None:
    (term,) = parse(written.format(word)).terms
    assert term.label == label.format(word)
    assert [factor.column for factor in term.factors] == [word]


@pytest.mark.parametrize("word", ["class", "lambda", "in", "is", "None", "True", "factor", "NA"])
@pytest.mark.parametrize("formula", ["C({})", "log({})", "I({}/10)", "poly2({})"])
def test_a_column_named_as_a_word_gives_the_numbers_of_any_other_name(
    word: str, formula: str
) -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"x": rng.integers(1, 4, 120), "y": rng.integers(0, 2, 120)})

    def estimates(name: str) -> list[float]:
        frames = [
            frame.rename(columns={"x": name}).iloc[part] for part in (slice(70), slice(70, 120))
        ]
        arguments = {"outcome": "y", "formula": formula.format(name)}
        found = local.run("logistic", frames, arguments, policy=Policy.open())
        assert found["status"] == "completed", found["error"]
        return [row["estimate"] for row in found["coefficients"]]

    assert estimates(word) == estimates("x")
