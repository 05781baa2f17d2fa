"""Figures look as they did: compared pixel by pixel with images that somebody has looked at.

To draw these anew after a change that is meant:
PYTHONPATH=tests python tests/analyst/test_figure_images.py
"""

from pathlib import Path

import pytest
from matplotlib.testing.compare import compare_images

from helpers.example_results import example
from v6_clinical.analyst import figures

BASELINE = Path(__file__).parent / "baseline"
# Root mean square of the differences of pixels, 0 to 255. The same data and matplotlib give 0;
# another processor moves the edge of a glyph. A point moved by its own size gives more than 2.
TOLERANCE = 1.0
DPI = 70
CASES = {
    "forest_cox": (figures.forest, "cox", {}),
    "forest_cox_dark": (figures.forest, "cox", {"theme": "dark"}),
    "forest_levels": (figures.forest, "levels", {"width": 85}),
    "survival_profiles": (figures.survival, "cox", {}),
    "survival_strata": (figures.survival, "strata", {}),
    "roc": (figures.roc, "levels", {}),
    "calibration": (figures.calibration, "logistic", {}),
    "histogram": (figures.histogram, "summary", {}),
    "box": (figures.box, "summary", {}),
    "box_dark": (figures.box, "summary", {"variable": "age", "theme": "dark"}),
    "heterogeneity": (figures.heterogeneity, "cox", {}),
}


def draw(name: str, folder: Path) -> Path:
    function, result, options = CASES[name]
    path = folder / f"{name}.png"
    function(example(result), **options).savefig(path, dpi=DPI)
    return path


@pytest.mark.parametrize("name", CASES)
def test_a_figure_looks_as_before(name: str, tmp_path: Path) -> None:
    found = draw(name, tmp_path)
    assert compare_images(str(BASELINE / f"{name}.png"), str(found), tol=TOLERANCE) is None


def test_a_moved_estimate_is_seen(tmp_path: Path) -> None:
    result = example("cox")
    row = result["coefficients"][-1]
    row["hazard_ratio"] = row["hazard_ratio"] * 0.9
    path = tmp_path / "forest_cox.png"
    figures.forest(result).savefig(path, dpi=DPI)
    assert compare_images(str(BASELINE / "forest_cox.png"), str(path), tol=TOLERANCE) is not None


if __name__ == "__main__":
    for one in CASES:
        draw(one, BASELINE)
