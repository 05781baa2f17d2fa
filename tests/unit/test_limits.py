"""An operator's own limits are told with a result, as numbers and flags; names are not."""

from typing import Any

import pandas as pd
import pytest

from v6_clinical.disclosure import Policy
from v6_clinical.errors import AnalysisError
from v6_clinical.platforms import local
from v6_clinical.protocol.answers import read_answer

FRAME = pd.DataFrame({"age": [40.0 + 3 * (k % 17) for k in range(60)]})


def sites(*policies: Policy) -> Any:
    frames = [FRAME] * len(policies)
    return local.run("summary", frames, {"columns": ["age"]}, policy=policies)["sites"]


def test_a_site_tells_the_limits_that_differ_from_the_shipped_ones() -> None:
    settings = {"V6C_MIN_ROWS": "20", "V6C_ALLOW_MIN_MAX": "yes", "V6C_MIN_CELL": "5"}
    shipped, own = sites(Policy(), Policy.from_environment(settings))
    assert "limits" not in shipped
    assert own["limits"] == {"V6C_MIN_ROWS": 20, "V6C_ALLOW_MIN_MAX": True}


def test_lists_of_columns_are_not_told() -> None:
    settings = {"V6C_DENIED_COLUMNS": "hiv", "V6C_ALLOWED_COLUMNS": "age,hiv"}
    assert Policy.from_environment(settings).own_settings() == {}


@pytest.mark.parametrize("limits", [3, ["V6C_MIN_ROWS"], {"age": 3}, {"V6C_MIN_ROWS": "many"}])
def test_limits_that_are_none_are_no_answer(limits: Any) -> None:
    answer = {"schema": "v6-clinical/1", "status": "ok", "n": 20, "sums": {}, "limits": limits}
    with pytest.raises(AnalysisError) as caught:
        read_answer({1: answer}, 1)
    assert caught.value.code == "BAD_ANSWER"
