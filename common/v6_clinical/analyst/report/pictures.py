"""The figures of a report: all that the result has the tables for, with captions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from v6_clinical.analyst import figures
from v6_clinical.analyst.report.svg import inline
from v6_clinical.protocol.registry import face_of

Record = Mapping[str, Any]

WIDTH: Final = 132.0  # mm; scaled to the page
SQUARE: Final = 82.0
NARROW: Final = ("roc", "calibration")  # side by side
CAPTIONS: Final = {
    "box": "Quartiles and outermost quantiles by group. Shaded: the interval that certainly holds "
    "a quantile of the pooled rows.",
    "histogram": "Histograms; the area of a bar is its share of the rows. Hatched: cells whose "
    "outer end is not known, drawn to two standard deviations from the mean.",
    "forest": "Adjusted effects with confidence intervals.",
    "prediction": "Survival of the profiles. Between two points a curve lies in its shaded steps; "
    "a dash stands where a site does not show the number at risk.",
    "survival": "Baseline survival: at the pooled means of the columns. Between two points a "
    "curve lies in its shaded steps; a dash stands where a site does not show the number.",
    "roc": "ROC curve: points that all sites can show; the curve lies in the shaded steps.",
    "calibration": "Calibration: observed share of events by predicted risk, with 95% Wilson "
    "intervals.",
    "heterogeneity": "Heterogeneity of the sites' own estimates: I² is the share of their "
    "variation that chance does not explain.",
}


@dataclass(frozen=True)
class Picture:
    """A figure as SVG, and what stands under it."""

    svg: Markup
    caption: str
    narrow: bool


def pictures(result: Record) -> list[Picture]:
    """Return every figure that the result allows; one without its table is left out."""
    found = []
    for kind in face_of(result["analysis"]).figures:
        narrow = kind in NARROW
        try:
            figure = getattr(figures, kind)(result, width=SQUARE if narrow else WIDTH)
        except figures.FigureError:
            continue
        predicted = kind == "survival" and result.get("prediction")
        caption = CAPTIONS["prediction" if predicted else kind]
        svg = inline(figure, kind, caption)
        # the figure's own text is outlines: nothing of the result is markup here
        found.append(Picture(Markup(svg), caption, narrow))  # noqa: S704  # nosec B704
    return found
