"""The word for what is estimated is right for each family and link."""

import pytest

from v6_glm.face import effect, kind, model

ASKED = {"link": None, "exposure": None, "offset": None, "formula": "age", "outcome": "y"}


@pytest.mark.parametrize(
    ("asked", "name", "null"),
    [
        ({"family": "gaussian"}, "mean difference", 0),
        ({"family": "poisson"}, "mean ratio", 1),
        ({"family": "poisson", "exposure": "years"}, "rate ratio", 1),
        ({"family": "poisson", "offset": "log_years"}, "rate ratio", 1),
        ({"family": "gamma"}, "mean ratio", 1),
        ({"family": "gamma", "link": "inverse"}, "coefficient", 0),
        ({"family": "binomial"}, "odds ratio", 1),
        ({"family": "binomial", "link": "probit"}, "coefficient", 0),
        ({"family": "binomial", "link": "cloglog"}, "coefficient", 0),
        ({"family": "binomial", "link": "log"}, "risk ratio", 1),
        ({"family": "binomial", "link": "identity"}, "risk difference", 0),
    ],
)
def test_effects(asked: dict[str, str], name: str, null: int) -> None:
    found = effect(ASKED | asked)
    assert (found.name, found.null) == (name, null)
    assert found.column == ("ratio" if null == 1 else "estimate")
    assert kind(ASKED | asked)[0] == asked["family"]


def test_the_exposure_stands_in_the_model() -> None:
    asked = ASKED | {"family": "poisson", "exposure": "years"}
    assert model(asked) == "y ~ age + offset(log(years))"
