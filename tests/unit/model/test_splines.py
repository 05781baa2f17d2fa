"""Spline bases equal R's within, on and beyond the boundaries; knots keep to their grid."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from v6_clinical.model.errors import FormulaError
from v6_clinical.model.factors import Spline
from v6_clinical.model.formula import parse
from v6_clinical.model.knots import far_enough, fine_step, grid_step, on_grid, round_knots
from v6_clinical.model.moments import Moments, needs_moments, resolve
from v6_clinical.model.splines import bs, ns
from v6_clinical.numerics.arrays import Array

# R 4.2.2, splines 4.2.2, intercept = FALSE (the default), printed with sprintf("%.17g").
# x <- c(-8, -1.5, 0, 0.3, 2, 3.3, 5, 7.25, 10, 11, 25)
X = np.array([-8, -1.5, 0, 0.3, 2, 3.3, 5, 7.25, 10, 11, 25])
R_BASES: list[tuple[Callable[..., Array], tuple[float, ...], list[list[float]]]] = [
    # bs(x, knots=c(2, 5, 6), Boundary.knots=c(0, 10))
    (
        bs,
        (0, 2, 5, 6, 10),
        [
            [-179.04, 63.57333333333334, -8.533333333333331, 0.0, 0.0, 0.0],
            [-5.270625, 0.9675, -0.056249999999999994, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            [0.36076499999999995, 0.024659999999999994, 0.00044999999999999993, 0.0, 0.0, 0.0],
            [0.3600000000000001, 0.5066666666666667, 0.13333333333333333, 0.0, 0.0, 0.0],
            [
                0.06550666666666667,
                0.42708499999999994,
                0.4845229166666666,
                0.022885416666666655,
                0.0,
                0.0,
            ],
            [0.0, 0.041666666666666664, 0.6770833333333333, 0.28125, 0.0, 0.0],
            [
                0.0,
                0.0,
                0.12998046875000002,
                0.5364648437499999,
                0.30303710937499995,
                0.030517578125,
            ],
            [0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
            [0.0, 0.0, -0.006249999999999999, 0.1787499999999999, -1.125625, 1.953125],
            [0.0, 0.0, -21.09375, 130.78125, -215.859375, 107.171875],
        ],
    ),
    # bs(x, knots=NULL, Boundary.knots=c(0, 10))
    (
        bs,
        (0, 10),
        [
            [-7.776, 3.4559999999999995, -0.5120000000000002],
            [-0.5951249999999998, 0.07762499999999994, -0.003375000000000003],
            [0.0, 0.0, 0.0],
            [0.084681, 0.002619, 2.6999999999999996e-05],
            [0.384, 0.096, 0.008],
            [0.444411, 0.218889, 0.035937],
            [0.375, 0.375, 0.125],
            [0.16448437500000004, 0.433640625, 0.381078125],
            [0.0, 0.0, 1.0],
            [0.03299999999999996, -0.3629999999999999, 1.3310000000000002],
            [16.874999999999996, -28.124999999999993, 15.625],
        ],
    ),
    # ns(x, knots=c(2, 5, 6), Boundary.knots=c(0, 10))
    (
        ns,
        (0, 2, 5, 6, 10),
        [
            [0.0, 1.193859948855901, -2.686184884925777, 1.492324936069876],
            [0.0, 0.22384874041048142, -0.5036596659235832, 0.27981092551310177],
            [0.0, 0.0, 0.0, 0.0],
            [
                0.00044999999999999993,
                -0.04447874471956265,
                0.10007717561901597,
                -0.055598430899453315,
            ],
            [0.13333333333333333, -0.21224176868549355, 0.47754397954236055, -0.26530221085686695],
            [0.4845229166666666, -0.13534800383824488, 0.356025196136051, -0.19779177563113942],
            [0.6770833333333333, 0.22985603944212574, 0.11563641125521708, -0.06424245069734281],
            [0.12998046875000002, 0.5505267033811474, 0.271397925204918, 0.048094902663934416],
            [0.0, -0.16393442622950818, 0.36885245901639346, 0.7950819672131147],
            [0.0, -0.5081967213114753, 0.39344262295081966, 1.1147540983606559],
            [0.0, -5.327868852459017, 0.7377049180327884, 5.590163934426229],
        ],
    ),
    # ns(x, knots=4, Boundary.knots=c(-1, 10))
    (
        ns,
        (-1, 4, 10),
        [
            [-1.0120748812393092, 0.6548719819783766],
            [-0.07229106294566494, 0.046776570141312604],
            [0.14323620624587888, -0.09161273238369703],
            [0.18499977819767296, -0.11735600621346752],
            [0.3974065472468122, -0.22826840757681433],
            [0.5146931080818449, -0.24800249239520444],
            [0.579241631280554, -0.1457481500086294],
            [0.5217529403747638, 0.1956365777967214],
            [0.3319685163079314, 0.7851968423889856],
            [0.2544739006998441, 1.0118110054295126],
            [-0.8304507178133775, 4.184409287996892],
        ],
    ),
]


@pytest.mark.parametrize(("basis", "placed", "expected"), R_BASES)
def test_equals_r(
    basis: Callable[..., Array], placed: tuple[float, ...], expected: list[list[float]]
) -> None:
    """Values, also beyond the boundary: polynomials for bs, straight lines for ns."""
    np.testing.assert_allclose(basis(X, placed), expected, rtol=1e-13, atol=1e-13)


def test_no_rows() -> None:
    """A site without rows has a basis without rows."""
    assert bs(np.zeros(0), (0, 1, 2)).shape == (0, 4)
    assert ns(np.zeros(0), (0, 1, 2)).shape == (0, 2)


def placed(formula: str, mean: float, sd: float) -> tuple[float, ...]:
    """Return the boundaries and knots of a one-spline formula."""
    factor = resolve(parse(formula).terms, {"x": Moments(mean, sd)})[0].factors[0]
    assert isinstance(factor, Spline)
    return factor.placed or ()


def test_df_spaces_knots_over_two_sd() -> None:
    """Interior knots part mean -+ 2 sd or the bounds given; boundaries there, of bs at 4 sd."""
    np.testing.assert_allclose(placed("bs(x, df=3)", 50, 10), [10, 90])
    np.testing.assert_allclose(placed("bs(x, df=6)", 50, 10), [10, 40, 50, 60, 90])
    np.testing.assert_allclose(placed("bs(x, df=4, lower=20)", 50, 10), [20, 45, 90])
    np.testing.assert_allclose(placed("ns(x, df=3)", 50, 10), [30, 43, 57, 70])
    np.testing.assert_allclose(placed("ns(x, df=2, lower=20, upper=90)", 50, 10), [20, 55, 90])


def test_asked_knots_are_rounded() -> None:
    """Knots come to the nearest step of the grid, and so do the bounds."""
    found = placed("ns(x, knots=[44.4, 57.7], lower=18.2, upper=81)", 50, 10)
    assert found == (18, 44, 58, 81)
    assert all(math.copysign(1, knot) == 1 for knot in placed("bs(x, df=4, lower=-0.1)", 20, 10))


@pytest.mark.parametrize(
    ("knots", "mean", "sd"),
    [
        ((15, 20, 28, 40), 26.31, 5.17),
        ((80, 110, 140, 180), 131.7, 19.4),
        ((10, 12.5, 14.5, 17), 13.83, 1.62),
        ((30, 45, 65, 85), 61.4, 12.9),
        ((1.5, 2.5, 4), 2.61, 0.91),
    ],
)
def test_human_numbers_stay(knots: tuple[float, ...], mean: float, sd: float) -> None:
    """What an analyst writes for BMI, pressure, haemoglobin, age, LDL is used as written."""
    lower, *inner, upper = knots
    assert placed(f"ns(x, knots={inner}, lower={lower}, upper={upper})", mean, sd) == knots


@given(st.floats(-40, 40), st.floats(10, 19.9))
def test_moments_do_not_move_the_grid(mean: float, sd: float) -> None:
    """Whatever the mean, and the sd up to its power of two, knots lie where they lay."""
    formula = "bs(x, knots=[-1.4, 12.6], lower=-30.3, upper=44.7)"
    terms = parse(formula).terms
    spline = resolve(terms, {"x": Moments(mean, sd)})[0].factors[0]
    assert spline == resolve(terms, {"x": Moments(0.0, 16.0)})[0].factors[0]
    assert isinstance(spline, Spline)
    assert (spline.step, spline.placed) == (1, (-30, -1, 13, 45))
    assert all(knot.is_integer() for knot in placed("bs(x, df=6)", mean, sd))


@pytest.mark.parametrize(
    "formula",
    [
        "ns(x, knots=[50, 52])",
        "ns(x, knots=[29])",
        "bs(x, knots=[91])",
        "ns(x, knots=[5000], upper=5100)",
        "bs(x, df=6, lower=45, upper=55)",
    ],
)
def test_knots_that_cannot_be(formula: str) -> None:
    """Knots too close, out of order with the boundaries, or absurdly far are named."""
    with pytest.raises(FormulaError) as caught:
        placed(formula, 50, 10)
    assert caught.value.part.startswith(formula[:5])


def test_a_constant_column_has_no_spline() -> None:
    """No pooled sd, no grid; an sd below the mean's precision or beyond the grid is none."""
    for sd in (0.0, float("nan"), float("inf"), 1e-16, 1e-70, 5e-324, 1e65):
        with pytest.raises(FormulaError):
            placed("ns(x, df=3)", 1.0, sd)


@given(st.floats(1e-58, 1e58))
def test_the_step_is_the_largest_power_of_two(sd: float) -> None:
    """More than sd/20, at most sd/10; nothing but its order of magnitude depends on the data."""
    step = grid_step(sd)
    assert math.frexp(step)[0] == 0.5
    assert step <= sd / 10 < 2 * step


@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=5),
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e6),
)
def test_rounding_twice_changes_nothing(steps: list[float], mean: float, sd: float) -> None:
    """Every site and the centre come to the same knots, bit for bit, and near the wanted ones."""
    wanted = [mean + step * sd for step in steps]
    step = grid_step(sd)
    once = round_knots(wanted, step)
    assert round_knots(once, step) == once
    np.testing.assert_array_less(np.abs(np.subtract(once, wanted)), 0.5 * step * (1 + 1e-15))
    if far_enough(once, sd):
        assert on_grid(once, step)


def test_a_fine_step_is_one_below_a_hundredth_of_the_sites_sd() -> None:
    """A site that cannot tell, its sd being 0 or nan, finds no step fine."""
    assert not fine_step(0.0625, 6.25)
    assert fine_step(0.0625, 6.26)
    assert not fine_step(0.0625, 0.0)
    assert not fine_step(0.0625, float("nan"))


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=40),
    st.lists(st.floats(-1, 1), max_size=120),
)
def test_an_honest_step_is_not_fine(own: list[float], others: list[float]) -> None:
    """A site with a twenty-fifth of the rows (less one each) never refuses the pooled step."""
    assume(np.std(own) > 1e-3)
    others = others[: 24 * (len(own) - 1)]
    sd = float(np.std([*own, *others], ddof=1))
    assert not fine_step(grid_step(sd), float(np.std(own, ddof=1)))


def test_labels_stay_those_of_the_request() -> None:
    """Knots found later do not change the names of columns."""
    terms = parse("bs(x, df=4) + scale(z)").terms
    assert needs_moments(terms) == ("x", "z")
    found = resolve(terms, {"x": Moments(0.123, 1.7), "z": Moments(0.0, 2.0)})
    assert [term.label for term in found] == ["bs(x, df=4)", "scale(z)"]
    assert resolve(found, {}) == found
