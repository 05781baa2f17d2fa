"""Generalized linear models on the 4.x platform: the digits of one process, through real JSON."""

import importlib
import json
from typing import Any

import pytest
from vantage6.algorithm.tools.mock_client import MockAlgorithmClient

from helpers.policies import SHIPPED
from helpers.reference_cases import sites
from v6_clinical.platforms import local

entry = importlib.import_module("v6_glm.v4")
MODELS: dict[str, dict[str, Any]] = {
    "gaussian": {"outcome": "tsize", "robust": "HC1"},
    "poisson": {"outcome": "tsize", "exposure": "age"},
    "gamma": {"outcome": "tsize"},
    "binomial": {"outcome": "cens", "link": "cloglog"},
}


@pytest.mark.usefixtures("shipped_nodes")
@pytest.mark.parametrize("family", MODELS)
def test_the_mock_client_gives_the_digits_of_the_local_platform(family: str) -> None:
    """Under the shipped limits, which let these models through."""
    frames = sites("gbsg2", "3")
    asked = {"family": family, "predictors": ["menostat", "horTh"], **MODELS[family]}
    datasets = [[{"database": frame, "db_type": "csv"}] for frame in frames]
    client = MockAlgorithmClient(datasets, "v6_glm.v4", organization_ids=[1, 2, 3])
    found = entry.generalized_linear_model(mock_client=client, **asked)
    assert found["status"] == "completed", found["error"]
    assert found == local.run("glm", frames, asked, policy=SHIPPED)
    json.dumps(found, allow_nan=False)
