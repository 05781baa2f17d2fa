"""An operator's own limits are told with a result, as numbers and flags; names are not."""

from dataclasses import replace
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


def test_a_site_tells_its_blur_where_it_is_another_and_never_its_secret() -> None:
    secret = bytes(range(40))
    own = Policy(blur=0.05, blur_rows=0.4, secret=secret)
    assert own.own_settings() == {"V6C_BLUR": 0.05, "V6C_BLUR_ROWS": 0.4}
    assert Policy(secret=secret).own_settings() == {}
    shipped = Policy()
    other = Policy(blur=0.0, blur_rows=0.0, secret=secret)
    told = {"V6C_BLUR": shipped.blur, "V6C_BLUR_ROWS": shipped.blur_rows}
    assert other.own_settings() == {name: 0.0 for name, value in told.items() if value}


def test_sites_in_one_process_draw_alike_without_a_secret() -> None:
    """The same call gives the same result; another process draws other noise."""
    policy = Policy(blur=0.01, blur_rows=0.2)
    frames, request = [FRAME, FRAME + 1], {"columns": ["age"]}
    ours, again = (local.run("summary", frames, request, policy=policy) for _ in range(2))
    assert ours == again
    theirs = local.run("summary", frames, request, policy=replace(policy, secret=bytes(40)))
    assert ours["numeric"][0]["mean"] != theirs["numeric"][0]["mean"]


def test_lists_of_columns_are_not_told() -> None:
    settings = {"V6C_DENIED_COLUMNS": "hiv", "V6C_ALLOWED_COLUMNS": "age,hiv"}
    assert Policy.from_environment(settings).own_settings() == {}


@pytest.mark.parametrize("limits", [3, ["V6C_MIN_ROWS"], {"age": 3}, {"V6C_MIN_ROWS": "many"}])
def test_limits_that_are_none_are_no_answer(limits: Any) -> None:
    answer = {"schema": "v6-clinical/1", "status": "ok", "n": 20, "sums": {}, "limits": limits}
    with pytest.raises(AnalysisError) as caught:
        read_answer({1: answer}, 1)
    assert caught.value.code == "BAD_ANSWER"
