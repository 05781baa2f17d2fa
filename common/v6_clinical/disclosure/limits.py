"""A site's limits: the shipped ones, and those that its operator's settings give instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Self

from v6_clinical.disclosure.blur import Blur
from v6_clinical.errors import RefusalError
from v6_clinical.settings import PREFIX, SETTINGS, Secret

if TYPE_CHECKING:
    from v6_clinical.secure.keys import Identity
    from v6_clinical.secure.peers import Peers


@dataclass(frozen=True)
class Limits:
    """Limits in force at a site. The defaults are the shipped ones.

    ``open()`` lifts them for somebody who owns all the rows (method work, numerical
    tests); entry modules always use ``from_environment``.
    """

    min_rows: int = 10
    min_cell: int = 5
    max_parameters_per_row: float = 0.10
    max_levels: int = 40
    levels_per_row: float = 1 / 3
    min_clusters: int = 10
    min_spread: float = 2.0
    min_weight_share: float = 0.25
    # R9: standard deviation of a linear predictor at a site. Not its largest value: which
    # coefficients are refused would tell that patient's.
    widest_predictor: float = 10.0
    allowed_columns: frozenset[str] | None = None
    denied_columns: frozenset[str] = frozenset()
    allow_per_site: bool = True
    allow_min_max: bool = False
    allow_event_times: bool = False
    allow_small_missing: bool = False
    allow_preprocessing: bool = False
    allowed_queries: frozenset[str] = frozenset()
    allowed_requests: frozenset[str] | None = None
    # The noise, see ``disclosure.blur``; both 0: exact sums.
    blur: float = 0.01
    blur_rows: float = 0.25
    secret: bytes | None = field(default=None, repr=False)
    # Whether and with whom questions and answers are checked by keys, see ``secure``.
    secure: str = "off"
    peers: Peers | None = None
    private_key: Secret | None = field(default=None, repr=False)
    secure_min_sites: int = 3
    # Whether an answer is under masks: by ``under_masks``, no operator's setting.
    masked: bool = False

    @property
    def noise(self) -> Blur:
        """The blur of what leaves the site."""
        if not self.masked or self.peers is None:
            return Blur(self.blur, self.blur_rows, self.secret)
        mode = b"masked|" + self.peers.digest.encode()
        return Blur(self.blur, self.blur_rows, self.secret, mode)

    def under_masks(self) -> Self:
        """Return the limits of an answer whose numbers are masked: nothing of the site's own."""
        return replace(self, masked=True, allow_per_site=False)

    @property
    def identity(self) -> Identity:
        """Who the site is among its peers.

        Raises
        ------
        RefusalError
            ``BAD_SETTING`` naming the settings that are missing or do not fit each other.
        """
        from v6_clinical.secure.keys import identity_of

        return identity_of(self.private_key, self.peers, self.secure_min_sites)

    @classmethod
    def open(cls) -> Self:
        """Return no limits, for in-process callers that own the rows."""
        return cls(
            min_rows=1,
            min_cell=1,
            max_parameters_per_row=1e9,
            max_levels=10**6,
            levels_per_row=1.0,
            min_clusters=1,
            min_spread=0.0,
            min_weight_share=0.0,
            widest_predictor=1000.0,  # far beyond it exponentials overflow
            allow_min_max=True,
            allow_event_times=True,
            allow_small_missing=True,
            allow_preprocessing=True,
            blur=0.0,
            blur_rows=0.0,
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the V6C_* settings.

        Raises
        ------
        RefusalError
            ``BAD_SETTING`` naming the settings that are unknown, unreadable or too loose, or that
            ``V6C_SECURE`` lacks.
        """
        values: dict[str, Any] = {}
        bad: list[str] = []
        for name, text in environment.items():
            if not name.upper().startswith(PREFIX):
                continue
            try:
                values[name[len(PREFIX) :].lower()] = SETTINGS[name](text)
            except (KeyError, ValueError):
                # An unknown name may be a misspelt limit; it is the operator's text: not echoed.
                bad.append(name if name in SETTINGS else PREFIX + "*")
        if bad:
            raise RefusalError("BAD_SETTING", sorted(set(bad)))
        limits = {field.name for field in fields(cls)}
        found = cls(**{name: value for name, value in values.items() if name in limits})
        if found.secure == "off":
            return found
        key = found.identity.key
        return found if found.secret is not None else replace(found, secret=key.secret())

    def own_settings(self) -> dict[str, float]:
        """Return the limits that differ from the shipped ones, by setting: numbers and flags.

        Lists of columns and queries are the operator's text, and stay.
        """
        values = {PREFIX + f.name.upper(): (getattr(self, f.name), f.default) for f in fields(self)}
        return {
            name: value
            for name, (value, shipped) in values.items()
            if name in SETTINGS and isinstance(value, bool | int | float) and value != shipped
        }
