"""Sites' refusals in the analyst's words: who, which code, what it is about, and the remedy."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from v6_clinical.errors import CODES, AnalysisError
from v6_clinical.protocol.agreed import request_digests
from v6_clinical.protocol.registry import Central
from v6_clinical.protocol.request import Request
from v6_clinical.protocol.transcript import Line

NOT_LISTED: Final = "REQUEST_NOT_ALLOWED"
# What a site means by the first word beside BAD_REQUEST, where it is no argument of the analyst's.
WORDS: Final[dict[str, str]] = {
    "terms": "The model's terms make no design at the site: two of its columns have one name, a "
    "column is named in two spellings, a number is asked for as a category or the other way "
    "round, or a spline's knots lie closer than the site's values.",
    "collapse": "The column named after 'collapse' holds numbers, which are not merged into "
    "groups, or is merged into a blank.",
    "outcome": "The outcome is a predictor too.",
    "shift": "A number taken off a column is so far from its values that rounding would cut it.",
    "times": "The site has a stratum or an event time that the others were not told of: its data "
    "changed, or two strata have one name.",
    "databases": "Name one database (on 5.x: one data frame) for the task.",
    "action": "The image was started for another purpose than this analysis.",
}


def refusal_error(
    lines: Collection[Line], central: Central, request: Request, code: str | None = None
) -> AnalysisError:
    """Return what ends the analysis: every site that refused and its code, at once."""
    ordered = sorted(lines, key=lambda line: line.organization)
    words = [f"organisation {line.organization}: {in_short(line, line.where)}" for line in ordered]
    codes = sorted({line.code for line in ordered})
    said = [f"{len(ordered)} site(s) refused: {'; '.join(words)}."]
    said += _meanings(ordered)
    said += [request.explain_refusal(each) for each in codes]
    if NOT_LISTED in codes and (digests := request_digests(central, request)):
        said.append(f"Digests of this request: {', '.join(digests)}.")
    return AnalysisError(
        code or codes[0],
        " ".join(sentence for sentence in said if sentence),
        remedy=" ".join(f"{each}: {CODES[each]}" for each in codes),
        sites=[_record(line) for line in ordered],
    )


def in_short(line: Line, names: Iterable[str]) -> str:
    """Return a refusal's code, with the names that it is about and what the site's rows carry."""
    about = [*names]
    if line.parameters is not None:
        about.append(f"its rows carry {line.parameters}")
    return line.code + (f" ({', '.join(about)})" if about else "")


def _record(line: Line) -> dict[str, Any]:
    record = {"organization_id": line.organization, "status": "refused", "code": line.code}
    more = {} if line.parameters is None else {"parameters": line.parameters}
    return record | {"where": list(line.where)} | more


def _meanings(lines: Iterable[Line]) -> list[str]:
    """Return a sentence for each word of the protocol beside a ``BAD_REQUEST``."""
    bad = [line for line in lines if line.code == "BAD_REQUEST"]
    words = dict.fromkeys(line.where[0] for line in bad if line.where)
    return [WORDS[word] for word in words if word in WORDS]
