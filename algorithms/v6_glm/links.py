"""Which links each family has; the first is its default."""

from __future__ import annotations

from typing import Final, Literal

FamilyName = Literal["gaussian", "poisson", "gamma", "binomial"]
LinkName = Literal["identity", "log", "inverse", "logit", "probit", "cloglog"]

LINKS: Final[dict[str, tuple[LinkName, ...]]] = {
    "gaussian": ("identity",),
    "poisson": ("log",),
    "gamma": ("log", "inverse"),
    "binomial": ("logit", "probit", "cloglog", "log", "identity"),
}
# Where some linear predictors are no means: a model needs an intercept, and no offset.
BOUNDED: Final = frozenset({("gamma", "inverse"), ("binomial", "log"), ("binomial", "identity")})


def link_of(family: str, link: LinkName | None) -> LinkName:
    """Return the link, by default the family's first."""
    return LINKS[family][0] if link is None else link
