"""Fits of each analysis that together use every option that changes what is asked or answered."""

from typing import Any

import pandas as pd

from helpers.summary_cases import dataset, split

LOGISTIC: dict[str, Any] = {"outcome": "cens", "formula": "age + tgrade"}
GLM: dict[str, Any] = {
    "family": "poisson",
    "outcome": "pnodes",
    "formula": "scale(tsize) + tgrade",
}
COX: dict[str, Any] = {"time": "time", "event": "cens", "formula": "age + horTh"}
SUMMARY: dict[str, Any] = {"columns": ["age", "tsize", "tgrade"]}
# Under the shipped limits two rounds do not settle these.
REFINED: dict[str, Any] = {"columns": ["tsize"], "group_by": "cens", "quantiles": [0.03, 0.97]}
RARE: dict[str, Any] = {"columns": ["age", "rare"]}  # under the shipped limits
BLURRED: dict[str, Any] = SUMMARY | {"group_by": "horTh", "correlation": True}
CURVES: dict[str, Any] = {"time_horizon": 2000, "profiles": [{"age": 50, "horTh": "yes"}]}
# Every option that changes what is asked or answered, of each analysis.
FITS: list[tuple[str, dict[str, Any]]] = [
    ("summary", SUMMARY),
    ("summary", REFINED),
    ("summary", RARE),
    ("summary", SUMMARY | {"group_by": "horTh", "correlation": True, "per_site": True}),
    ("summary", BLURRED),
    ("summary", SUMMARY | {"levels": {"tgrade": ["I", "II", "III"]}, "quantiles": [0.01]}),
    ("summary", SUMMARY | {"collapse": {"tgrade": {"II-III": ["II", "III"]}}, "histogram": False}),
    ("logistic", LOGISTIC),
    ("logistic", LOGISTIC | {"formula": "scale(age) + tgrade", "robust": "HC1", "weights": "unit"}),
    ("logistic", LOGISTIC | {"formula": "bs(age, df=4) * horTh", "ridge": 1.0}),
    ("logistic", LOGISTIC | {"weights": "unit", "offset": "small", "robust": "HC0"}),
    ("logistic", LOGISTIC | {"cluster": "part", "site_effect": True, "cluster_adjust": True}),
    ("logistic", LOGISTIC | {"levels": {"tgrade": ["I", "II", "III"]}, "positive": 1}),
    ("logistic", LOGISTIC | {"formula": "age + alone"}),
    ("glm", GLM),
    ("glm", GLM | {"family": "gaussian", "weights": "unit", "robust": "HC1"}),
    ("glm", GLM | {"family": "gamma", "outcome": "unit", "offset": "small"}),
    ("glm", GLM | {"formula": "tsize + alone", "site_effect": True}),
    ("glm", GLM | {"exposure": "unit", "cluster": "part", "cluster_adjust": True}),
    ("glm", GLM | {"family": "binomial", "link": "probit", "outcome": "cens"}),
    ("cox", COX),
    ("cox", COX | {"formula": "age + alone"}),
    ("cox", COX | {"formula": "scale(age) + horTh", "ties": "breslow", "weights": "unit"}),
    ("cox", COX | {"weights": "unit", "offset": "small", "robust": True, **CURVES}),
    ("cox", COX | {"cluster": "part", "strata": ["tgrade"], "zph_transform": "log"}),
    ("cox", COX | {"entry": "begin", "ridge": 1.0}),
    ("cox", COX | {"baseline": "exact", "cluster": "part", **CURVES}),
    ("cox", COX | {"baseline": "exact", "strata": ["tgrade"], "formula": "scale(age)"}),
    ("cox", COX | {"baseline": "exact", "zph_transform": "km"}),
]


def frames() -> list[pd.DataFrame]:
    frame = dataset("gbsg2")
    frame["tsize"] *= 1.01  # whole numbers need no refinement
    unit, small = 1.0 + frame["age"] / 100, frame["estrec"] / 1000
    frame = frame.assign(unit=unit, small=small, begin=frame["time"] / 9, part=frame.index // 4)
    frame["rare"] = frame["age"] == frame["age"].max()
    sites = split(frame, "three")
    # constant at one of them, which has no estimates of its own then
    return [site.assign(alone=site["pnodes"] * float(k > 0)) for k, site in enumerate(sites)]
