"""Requests that a site's operator has listed, and the digests under which they are listed.

An analysis asks several questions, of which coefficients, knots, levels and windows follow from
the data. What is left of a question without them (``Question.standing``) is the same in all
questions of its kind, and follows from the request alone: a site takes its digest from the
question, the analyst from the request, before any data are read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from v6_clinical.errors import RefusalError
from v6_clinical.protocol.registry import Central, Site

if TYPE_CHECKING:
    from v6_clinical.disclosure import Policy
    from v6_clinical.protocol.request import Request


def check_request(site: Site, step: str, arguments: Mapping[str, Any], policy: Policy) -> None:
    """R16: where requests are listed, a question is answered only if its request is.

    Raises
    ------
    RefusalError
        ``REQUEST_NOT_ALLOWED``, or ``BAD_REQUEST`` where the question cannot be read.
    """
    listed = policy.allowed_requests
    if listed is None:
        return
    kind = site.questions.get(step)
    standing = dict(arguments) if kind is None else kind.read(arguments).standing()
    if not listed or digest(site.name, standing) not in listed:
        raise RefusalError("REQUEST_NOT_ALLOWED")


def request_digests(central: Central, request: Request) -> tuple[str, ...]:
    """Return the digests of all questions that a request leads to, each once.

    None where the analysis does not say what stays the same in its questions.
    """
    if central.standing is None:
        return ()
    return tuple(dict.fromkeys(digest(central.site, part) for part in central.standing(request)))


def digest(name: str, standing: Any) -> str:
    """Return the sha256 of what stays the same, of the analysis whose sites have this name."""
    text = json.dumps([name, standing], sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode()).hexdigest()
