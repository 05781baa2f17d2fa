"""What the entry points of 4.x and 5.x share: answer with data, log no value, never raise."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from v6_clinical.disclosure import Policy
from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.face.contract import Face
from v6_clinical.platforms.polling import ROUND_SECONDS
from v6_clinical.protocol.registry import Site, faces, load_method, load_site, partial_name
from v6_clinical.protocol.site import FIELDS, answer, innocent_name, refused

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.protocol.centre import Transport


OPENING = "opening"  # of a run whose questions the site checks

Function = Callable[..., dict[str, Any]]


def entries(
    package: str, central: Callable[[Face, str], Function], partial: Callable[[str, str], Function]
) -> dict[str, Function]:
    """Make what an entry module offers: one central function a method, and one partial.

    Parameters
    ----------
    central, partial
        Make the functions of a platform, from a face and the partial's name, and from the package
        and the partial's name.
    """
    name = partial_name(package)
    found = {face.method: central(face, name) for face in faces(package)}
    return found | {name: partial(package, name)}


def make_central(face: Face, connect: Callable[[Any, float], Transport]) -> Function:
    """Make the central function of a method.

    Parameters
    ----------
    connect
        Makes the transport, given a mock client (None on a node) and the seconds of a round.
    """

    def function(*arguments: Any, mock_client: Any = None, **named: Any) -> dict[str, Any]:
        by_name = not arguments and not _is_json(mock_client)
        return _run_central(face, named, lambda s: connect(mock_client, s), by_name=by_name)

    function.__name__ = function.__qualname__ = face.method
    function.__doc__ = f"Run the analysis '{face.method}' over the collaboration's organisations."
    return function


def make_partial(package: str, name: str, read_frame: Callable[[Policy], pd.DataFrame]) -> Function:
    """Make the partial function of a package: limits from the environment, one log line."""

    def function(*arguments: Any, mock_data: Any = None, **named: Any) -> dict[str, Any]:
        site = load_site(package)
        if arguments or _is_json(mock_data):
            found = refused("BAD_REQUEST", [] if arguments else ["mock_data"])
        else:
            found = answer(
                site,
                named,
                lambda: Policy.from_environment(os.environ),
                lambda policy: read_frame(policy) if mock_data is None else mock_data[0],
            )
        _log(site, named, found)
        return found

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Answer one question of the package '{package}' at one site."
    return function


def _run_central(
    face: Face,
    arguments: Mapping[str, Any],
    connect: Callable[[float], Transport],
    *,
    by_name: bool,
) -> dict[str, Any]:
    """Run the central side; whatever goes wrong ends in a result that says so.

    ``by_name`` is false if the task smuggled in arguments that only a mock client may give.
    """
    from v6_clinical.protocol import centre as federation

    definition = load_method(face)
    try:
        if not by_name:
            text = "Arguments are given by name; 'mock_client' is not one of them."
            raise AnalysisError("BAD_REQUEST", text)
        # complain of bad settings before any site is asked
        policy = Policy.from_environment(os.environ)
        transport = connect(float(os.environ.get("V6C_ROUND_TIMEOUT", ROUND_SECONDS)))
        return federation.run(definition, dict(arguments), transport, progress=_say, policy=policy)
    except AnalysisError as error:
        return _failed(definition.name, error.code, error.message, error.remedy)
    except RefusalError as refusal:
        message = f"Settings of the central node: {', '.join(refusal.where)}."
        return _failed(definition.name, refusal.code, message, "Correct the V6C_* settings.")
    except Exception as error:
        message = f"Unexpected {innocent_name(error)} on the central side."
        return _failed(definition.name, "INTERNAL", message, "Report this to the maintainers.")


def _is_json(mock: Any) -> bool:
    """Tell what the analyst smuggled in with the task's input from a mock client's own data."""
    if isinstance(mock, list) and mock:
        return _is_json(mock[0])
    return mock is not None and isinstance(mock, str | int | float | dict | list)


def _say(number: int, step: str, sites: int) -> None:
    print(f"info > round {number}: {step}, {sites} sites", flush=True)  # noqa: T201


def _log(site: Site, message: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Write the site's ledger: one line a call, no values.

    The step is a word of the closed list, and the request its digest: an analyst's text could
    carry anything into the node's log.
    """
    import hashlib
    import json

    text = json.dumps({name: message.get(name) for name in FIELDS}, sort_keys=True, default=repr)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    asked = message.get("step")
    known = isinstance(asked, str) and (asked in site.steps or asked == OPENING)
    step = asked if known else "unknown"
    outcome = found.get("code", found["status"])
    line = f"v6-clinical {site.name} step={step} request={digest} {outcome}"
    print(f"info > {line} numbers={_numbers(found)}", flush=True)  # noqa: T201


def _numbers(found: Mapping[str, Any]) -> int:
    """Count the numbers of an answer's sums, masked or not, or of a refusal."""
    if "masked" in found:
        from v6_clinical.protocol.layout import Layout

        return sum(Layout.from_json(found["masked"]["layout"]).counts().values())
    sums = found.get("sums", {"arrays": {}, "tallies": {}, "forms": {}})
    count = sum(len(array["data"]) for array in sums["arrays"].values())
    count += sum(len(tally) for tally in sums["tallies"].values())
    count += sum(len(form["half"]) for form in sums["forms"].values())
    return count + ("parameters" in found)


def _failed(analysis: str, code: str, message: str, remedy: str) -> dict[str, Any]:
    from v6_clinical.protocol.centre import empty_envelope

    error = {"code": code, "message": message, "remedy": remedy, "sites": []}
    return empty_envelope(analysis) | {"status": "failed", "error": error}
