"""A transcript: all that a central run stands on, as strict JSON.

It holds the request and, of each finished round, the total of the answers and one line a site: no
site's own sums. The questions are not in it: they follow from the rest (see ``stepper``), so that
nobody can change one by changing a transcript.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from v6_clinical.errors import CODES, AnalysisError
from v6_clinical.protocol.near import POINT, Coefficients
from v6_clinical.protocol.sums import Sums
from v6_clinical.version import SCHEMA, __version__

STATUSES = ("ok", "no_rows", "refused")
MOST = 1e70  # of a coefficient


@dataclass(frozen=True)
class Config:
    """What a run is of: it does not change from its first question to its result.

    Attributes
    ----------
    method
        The central function's name.
    arguments
        The analyst's arguments, as they were given.
    participants
        The organisations of the collaboration; the request may name some of them only.
    minimum_sites
        How many must take part with rows.
    """

    method: str
    arguments: Mapping[str, Any]
    participants: tuple[int, ...]
    minimum_sites: int = 2

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self) | {"participants": list(self.participants)}


@dataclass(frozen=True)
class Line:
    """What one site said in a round, its sums aside.

    Attributes
    ----------
    status
        "ok", "no_rows" or "refused".
    n, dropped
        Row counts, where the site tells them.
    code, where
        Of a refusal.
    limits
        The operator's settings that differ from the shipped ones.
    sizes
        How many numbers it sent under each name, for the ledger.
    parameters
        Beside the refusal ``TOO_MANY_PARAMETERS``: how many the site's rows carry.
    redraws
        Whether the site has no secret, and draws the noise of the same answer anew each time.
    """

    organization: int
    status: str
    n: int | None = None
    dropped: int | None = None
    code: str = ""
    where: tuple[str, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    parameters: int | None = None
    redraws: bool = False


@dataclass(frozen=True)
class Round:
    """A finished round: the sum of all answers, empty where a site refused, and a line a site.

    ``point`` are the coefficients that were asked about, where the question had any: they stand in
    messages to sites, which may round otherwise, and not in a transcript that is kept.
    """

    step: str
    total: Sums
    lines: tuple[Line, ...]
    point: Coefficients | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        lines = [asdict(line) | {"where": list(line.where)} for line in self.lines]
        return {"step": self.step, "total": self.total.to_json(), "lines": lines}

    def with_point(self) -> dict[str, Any]:
        """Return plain JSON for another machine, which may round otherwise."""
        point = {} if self.point is None else {"point": dict(self.point)}
        return self.to_json() | point

    def refusals(self) -> dict[int, Line]:
        """Return the lines of the sites that refused."""
        return {line.organization: line for line in self.lines if line.status == "refused"}

    def ledger_line(self, number: int) -> dict[str, Any]:
        """Say what left the sites in this round.

        Each count is the most that any one site sent: in all, and of the sums whose names begin
        alike, as ``leaves`` declares them.
        """
        sizes = [_by_first_part(line.sizes) for line in self.lines]
        names = sorted({name for size in sizes for name in size})
        most = {name: max(size[name] for size in sizes) for name in names}
        return {
            "round": number,
            "step": self.step,
            "numbers_per_site": max((sum(line.sizes.values()) for line in self.lines), default=0),
            "what": ", ".join(f"{name}: {size}" for name, size in most.items()),
        }


def _by_first_part(sizes: Mapping[str, int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for name, count in sizes.items():
        found[name.split("/")[0]] += count
    return found


@dataclass(frozen=True)
class Transcript:
    """A run so far: its configuration and its finished rounds, those of given-up attempts too.

    Where a request says ``on_refusal="exclude"``, the round in which a site refused ends an
    attempt, and the next one is the first of an attempt without that site.
    """

    config: Config
    rounds: tuple[Round, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        config, rounds = self.config.to_json(), [one.to_json() for one in self.rounds]
        return {"schema": SCHEMA, "version": __version__, "config": config, "rounds": rounds}

    def dumps(self) -> str:
        """Return strict JSON text."""
        return json.dumps(self.to_json(), allow_nan=False)

    @classmethod
    def from_json(cls, message: Any) -> Transcript:
        """Rebuild a transcript.

        Raises
        ------
        AnalysisError
            ``VERSION`` if another version made it, ``BAD_REQUEST`` if it is no transcript.
        """
        if isinstance(message, dict) and message.get("version", __version__) != __version__:
            found = str(message["version"])[:20]
            raise AnalysisError("VERSION", f"The transcript is of version {found}.")
        try:
            return cls._decode(message)
        except (TypeError, ValueError, KeyError, AttributeError, AnalysisError):
            raise unreadable("it is not what a run writes") from None

    @classmethod
    def loads(cls, text: str) -> Transcript:
        """Rebuild a transcript from JSON text; see ``from_json``."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            raise unreadable("it is no JSON") from None
        return cls.from_json(message)

    @classmethod
    def _decode(cls, message: Any) -> Transcript:
        if set(message) != {"schema", "version", "config", "rounds"} or message["schema"] != SCHEMA:
            raise ValueError("unexpected fields")
        config = Config(**message["config"])
        if not isinstance(config.method, str) or not isinstance(config.arguments, dict):
            raise TypeError("method or arguments")
        numbers = [config.minimum_sites, *config.participants]
        if not all(type(number) is int for number in numbers):
            raise TypeError("organisations are numbers")
        config = Config(**message["config"] | {"participants": tuple(config.participants)})
        return cls(config, tuple(_round(one) for one in message["rounds"]))


def unreadable(why: str) -> AnalysisError:
    """Return what is said of a transcript that cannot be taken up."""
    remedy = "Run the analysis again from the start."
    return AnalysisError("BAD_REQUEST", f"The transcript cannot be used: {why}.", remedy=remedy)


def _round(message: Any) -> Round:
    names = {"step", "total", "lines"}
    if set(message) - {"point"} != names or not isinstance(message["step"], str):
        raise ValueError("unexpected fields")
    lines = tuple(_line(one) for one in message["lines"])
    point = _point(message["point"]) if "point" in message else None
    return Round(message["step"], Sums.from_json(message["total"]), lines, point)


def _point(message: Any) -> dict[str, list[float]]:
    if not set(message) <= set(POINT):
        raise ValueError("unexpected fields")
    for value in (value for values in message.values() for value in values):
        if type(value) not in (int, float) or not abs(value) <= MOST:
            raise ValueError("not a coefficient")
    return {name: list(values) for name, values in message.items()}


def _line(message: Any) -> Line:
    line = Line(**message | {"where": tuple(message["where"])})
    if type(line.organization) is not int or line.status not in STATUSES:
        raise ValueError("a line names an organisation and a status")
    if (line.code in CODES) != (line.status == "refused"):
        raise ValueError("a refusal has a code")
    if line.parameters is not None and line.code != "TOO_MANY_PARAMETERS":
        raise ValueError("a refusal with a number")
    if type(line.redraws) is not bool:
        raise TypeError("redraws is true or false")
    numbers = (line.n, line.dropped, line.parameters)
    _counts([number for number in numbers if number is not None])
    _counts(list(line.sizes.values()))
    return line


def _counts(numbers: Sequence[Any]) -> None:
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise ValueError("not a count")
