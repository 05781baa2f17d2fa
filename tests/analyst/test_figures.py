"""What figures show equals the tables; nothing in them overlaps or is cut off."""

import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from statsmodels.stats.proportion import proportion_confint

from helpers.example_results import example
from helpers.policies import EXACT
from v6_clinical.analyst import figures
from v6_clinical.analyst.figures.calibration import wilson
from v6_clinical.analyst.figures.distributions import whisker_names
from v6_clinical.analyst.figures.labels import close_ratio
from v6_clinical.analyst.figures.style import MM, THEMES
from v6_clinical.face.terms import labels
from v6_clinical.face.words import p_value
from v6_clinical.platforms import local

Draw = Callable[..., Figure]
EVERY: list[tuple[Draw, str, dict[str, Any]]] = [
    (figures.forest, "cox", {}),
    (figures.forest, "levels", {}),
    (figures.forest, "logistic", {"width": 85}),
    (figures.survival, "cox", {}),
    (figures.survival, "cox", {"curves": "baseline_hazard"}),
    (figures.survival, "strata", {}),
    (figures.survival, "cox", {"width": 85}),
    (figures.roc, "logistic", {}),
    (figures.calibration, "logistic", {}),
    (figures.histogram, "summary", {}),
    (figures.box, "summary", {}),
    (figures.box, "summary", {"variable": "age", "width": 85}),
    (figures.heterogeneity, "cox", {}),
]


def names(draw: Draw, result: str, options: dict[str, Any]) -> str:
    return "-".join([draw.__name__, result, *map(str, options.values())])


every = pytest.mark.parametrize(
    ("draw", "result", "options"), EVERY, ids=[names(*one) for one in EVERY]
)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


@every
def test_no_text_overlaps_another_or_is_cut_off(
    draw: Draw, result: str, options: dict[str, Any]
) -> None:
    figure = draw(example(result), **options)
    figure.draw_without_rendering()
    drawn = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    hidden = never_drawn(figure)
    boxes = [(t.get_text(), t.get_window_extent()) for t in drawn if id(t) not in hidden]
    page = figure.bbox.padded(1)
    assert len(boxes) > 4
    for text, box in boxes:
        assert page.x0 <= box.x0 < box.x1 <= page.x1, text
        assert page.y0 <= box.y0 < box.y1 <= page.y1, text
    for (a, first), (b, second) in combinations(boxes, 2):
        assert not first.padded(-0.5).overlaps(second.padded(-0.5)), (a, b)


def never_drawn(figure: Figure) -> set[int]:
    """Return the tick labels beyond the ends of an axis, and what belongs to axes turned off."""
    found = set()
    for axes in figure.axes:
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            low, high = sorted((low, high))
            for place, tick in zip(axis.get_majorticklocs(), axis.get_major_ticks(), strict=False):
                if not axes.axison or not low <= place <= high:
                    found |= {id(tick.label1), id(tick.label2)}
    return found


@every
def test_settings_stay_and_colours_are_the_themes(
    draw: Draw, result: str, options: dict[str, Any]
) -> None:
    before = dict(mpl.rcParams)
    figure = draw(example(result), theme="dark", **options)
    assert dict(mpl.rcParams) == before
    dark, light = THEMES["dark"], THEMES["light"]
    assert to_hex(figure.get_facecolor()) == dark.paper
    inks = {to_hex(t.get_color()) for t in figure.findobj(Text) if t.get_text()}
    assert inks <= {dark.ink, dark.faint, *dark.series}
    assert not inks & {light.ink, light.faint}


@every
def test_sizes_are_millimetres_and_pdf_embeds_fonts(
    draw: Draw, result: str, options: dict[str, Any], tmp_path: Path
) -> None:
    figure = draw(example(result), **options)
    width = figure.get_figwidth() / MM
    assert width <= options.get("width", 178) + 1e-9
    figure.savefig(tmp_path / "figure.pdf")
    pdf = (tmp_path / "figure.pdf").read_bytes()
    assert b"/CIDFontType2" in pdf
    assert b"/Type3" not in pdf


def test_curves_differ_in_grey() -> None:
    figure = figures.survival(example("strata"))
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 1]
    kinds = {(line.get_marker(), line._unscaled_dash_pattern) for line in lines}  # type: ignore[attr-defined]
    assert len(kinds) == len(lines) == 6


@pytest.mark.parametrize("result", ["cox", "levels", "logistic"])
def test_forest_prints_the_table_and_draws_it(result: str) -> None:
    found = example(result)
    figure = figures.forest(found)
    name, prefix = ("hazard_ratio", "hr") if result == "cox" else ("odds_ratio", "or")
    axes = figure.axes[0]
    assert axes.get_xscale() == "log"
    spans = {tuple(np.round(line.get_xdata(), 12)) for line in axes.lines}
    left, right = axes.get_xlim()
    for row in found["coefficients"]:
        if row["term"] == "Intercept":
            continue
        low, high = row[f"{prefix}_conf_low"], row[f"{prefix}_conf_high"]
        assert left < low < high < right
        assert close_ratio(row[name], low, high) in texts(figure)
        assert p_value(row["p_value"]) in texts(figure)
        assert (round(low, 12), round(high, 12)) in spans
        assert (round(row[name], 12),) in spans
    assert "Intercept" not in " ".join(texts(figure))


def test_forest_names_reference_levels_where_the_result_tells_them() -> None:
    assert texts(figures.forest(example("cox"))).count("reference") == 2
    result = example("levels")
    assert texts(figures.forest(result)).count("reference") == 2
    del result["model"]  # nothing is read out of names
    found = texts(figures.forest(result))
    assert found.count("reference") == 0
    assert "horTh[T.yes]" in found


def test_forest_draws_into_given_axes_and_bounds_what_is_infinite() -> None:
    result = example("cox")
    result["coefficients"][0] |= {"hazard_ratio": 1e9, "hr_conf_low": 2.0, "hr_conf_high": None}
    figure = Figure()
    axes = figure.subplots()
    assert figures.forest(result, ax=axes) is figure
    assert axes.get_xlim()[1] < 10
    assert ">" in {line.get_marker() for line in axes.lines}


def test_survival_draws_the_curves_and_the_numbers_at_risk() -> None:
    result = example("cox")
    figure = figures.survival(result)
    panels = [axes for axes in figure.axes if axes.get_title(loc="left").startswith("Org")]
    assert [axes.get_title(loc="left") for axes in panels] == [
        f"Organisation {i}" for i in (1, 2, 3)
    ]
    drawn = {
        (tuple(line.get_xdata()[1:]), tuple(line.get_ydata()[1:]))
        for axes in panels
        for line in axes.lines
    }
    for curve in result["prediction"]:
        assert (tuple(curve["time"]), tuple(curve["survival"])) in drawn
    shown = texts(figure)
    for curve, site in zip(result["baseline_hazard"], result["sites"], strict=True):
        at_risk = dict(zip(curve["time"], curve["n_at_risk"], strict=True))
        assert str(site["n"]) in shown
        for tick in (500.0, 1000.0, 1500.0, 2000.0):
            if tick in at_risk:
                assert str(at_risk[tick]) in shown
    assert "age 50, tsize 20, tgrade III, horTh yes" in shown


def test_roc_and_calibration_draw_the_table() -> None:
    result = example("logistic")
    curve = figures.roc(result).axes[0].lines[-1]
    assert curve.get_xdata().tolist() == [
        0,
        *result["roc"]["false_positive_rate"][::-1],
        1,
    ]
    assert curve.get_ydata().tolist()[1:-1] == result["roc"]["true_positive_rate"][::-1]
    assert f"within sites {result['fit'][0]['auc_within']:.3f}" in " ".join(
        texts(figures.roc(result))
    )
    dots = figures.calibration(result).axes[0].lines[1]
    groups = result["calibration"]
    assert dots.get_xdata().tolist() == [group["mean_predicted"] for group in groups]
    assert dots.get_ydata().tolist() == [group["observed"] for group in groups]


def test_wilson_intervals_are_those_of_statsmodels() -> None:
    events, n = np.array([0, 3, 40, 50]), np.array([20, 20, 90, 50])
    found = wilson(events / n, n.astype(float))
    expected = proportion_confint(events, n, method="wilson")
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_bars_have_the_share_of_their_rows_as_area() -> None:
    result = example("summary")
    for name, bins in result["histogram"].items():
        axes = figures.histogram(result, name).axes[0]
        bars = [bar for bar in axes.patches if isinstance(bar, Rectangle)]
        areas = [bar.get_width() * bar.get_height() for bar in bars]
        total = sum(bins["count"])
        np.testing.assert_allclose(areas, np.array(bins["count"]) / total, rtol=1e-12)
        openly = [
            low is None or high is None
            for low, high in zip(bins["lower"], bins["upper"], strict=True)
        ]
        assert [bar.get_hatch() is not None for bar in bars] == openly


def test_figures_of_what_cannot_be_negative_do_not_go_below_0() -> None:
    """Counts with many zeros: bars begin at 0, and no shade of a box does before."""
    rng = np.random.default_rng(3)
    frames = [pd.DataFrame({"x": rng.poisson(0.8, 90) * 1.0}) for _ in range(3)]
    result = local.run("summary", frames, {"columns": ["x"]}, policy=EXACT)
    assert result["histogram"]["x"]["lower"][0] == 0.0
    for draw in (figures.histogram, figures.box):
        patches = draw(result, "x").axes[0].patches
        assert patches
        assert min(bar.get_x() for bar in patches) >= 0
    with_negatives = [frame - 0.5 for frame in frames]
    result = local.run("summary", with_negatives, {"columns": ["x"]}, policy=EXACT)
    assert min(bar.get_x() for bar in figures.histogram(result, "x").axes[0].patches) < 0


def test_a_withheld_column_is_an_empty_panel() -> None:
    frames = [pd.DataFrame({"x": np.arange(60.0), "rare": np.r_[1.0, np.zeros(59)]})] * 2
    result = local.run("summary", frames, {"columns": ["x", "rare"]}, policy=EXACT)
    for draw in (figures.histogram, figures.box):
        assert not [bar for bar in draw(result, "rare").axes[0].patches if bar.get_width()]


def test_boxes_reach_from_quartile_to_quartile_and_shade_what_is_certain() -> None:
    result = example("summary")
    axes = figures.box(result, "age").axes[0]
    spans = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    for row in result["numeric"]:
        if row["variable"] == "age":
            for span in (
                (row["q1"], row["q3"]),
                (row["median_low"], row["median_high"]),
                (row["q05_low"], row["q05_high"]),
            ):
                assert any(np.allclose(span, one, rtol=1e-12) for one in spans), span
    assert whisker_names([0.025, 0.5, 0.975]) == ("q2.5", "q97.5")
    assert whisker_names([0.5]) is None


def test_heterogeneity_prints_the_table() -> None:
    result = example("cox")
    shown = texts(figures.heterogeneity(result))
    for row in result["heterogeneity"]:
        assert f"{row['q']:.2f} ({row['df']})" in shown
        assert f"{100 * row['i2']:.0f}%" in shown
        assert labels(result)[row["term"]] in shown


@pytest.mark.parametrize(
    ("draw", "result", "advice"),
    [
        (figures.survival, "no_curves", "time_horizon"),
        (figures.roc, "cox", "models of risk"),
        (figures.calibration, "cox", "models of risk"),
        (figures.forest, "summary", "Ask for a regression"),
        (figures.histogram, "cox", "histogram=True"),
        (figures.box, "cox", "columns="),
        (figures.heterogeneity, "summary", "V6C_ALLOW_PER_SITE"),
        (figures.forest, "refused", "Check the column names"),
        (figures.forest, "failed", "ridge=1"),
    ],
)
def test_a_result_without_the_table_is_an_error_with_a_remedy(
    draw: Draw, result: str, advice: str
) -> None:
    with pytest.raises(figures.FigureError, match=re.escape(advice)):
        draw(example(result))


def test_wrong_options_name_what_there_is() -> None:
    with pytest.raises(figures.FigureError, match="Draw age, tsize"):
        figures.box(example("summary"), "height")
    with pytest.raises(ValueError, match="'light' or 'dark'"):
        figures.forest(example("cox"), theme="grey")  # type: ignore[arg-type]


def test_names_are_shown_as_they_are() -> None:
    result = example("no_curves")
    result["coefficients"][0]["term"] = "$x$_1<y>"
    assert "$x$_1<y>" in texts(figures.forest(result))
    figures.forest(result).draw_without_rendering()  # no mathematics is read into a name
