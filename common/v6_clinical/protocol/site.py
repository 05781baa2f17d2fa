"""One question at one site: check it, run the step, answer with data whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from v6_clinical.errors import RefusalError
from v6_clinical.protocol.agreed import check_request
from v6_clinical.protocol.analysis import Place, SiteAnswer
from v6_clinical.protocol.registry import Site
from v6_clinical.protocol.sums import Sums
from v6_clinical.version import SCHEMA, __version__

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy

FIELDS: Final = ("version", "step", "arguments", "index", "count")
# Types whose name says nothing about data; any other exception is reported as "Exception".
INNOCENT: Final = frozenset(
    {
        "ArithmeticError",
        "AssertionError",
        "AttributeError",
        "EmptyDataError",
        "FileNotFoundError",
        "FloatingPointError",
        "ImportError",
        "IndexError",
        "KeyError",
        "LinAlgError",
        "MemoryError",
        "ModuleNotFoundError",
        "OSError",
        "OverflowError",
        "ParserError",
        "PermissionError",
        "RecursionError",
        "RuntimeError",
        "TypeError",
        "UnicodeDecodeError",
        "ValueError",
        "ZeroDivisionError",
    }
)


def answer(
    site: Site,
    message: Mapping[str, Any],
    read_policy: Callable[[], Policy],
    read_frame: Callable[[Policy], pd.DataFrame],
) -> dict[str, Any]:
    """Answer a question with plain JSON: sums, or a refusal. Never raises.

    The policy is read before the question is looked at, and the question is checked before the
    data are read: also whether it is of a request that the operator listed, if any are.
    """

    def act() -> dict[str, Any]:
        policy = read_policy()
        if policy.secure == "off":
            return _in_clear(site, message, policy, read_frame)
        from v6_clinical.secure.site import answer_checked

        return answer_checked(
            site,
            message,
            policy,
            read_frame,
            lambda plain: _in_clear(site, plain, policy, read_frame),
            lambda step, arguments, place, frame, cover: _refusing(
                lambda: _sums(site, step, arguments, place, policy, lambda _: frame, cover)
            ),
        )

    return _refusing(act)


def _refusing(act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what is answered, as a refusal where that is an exception."""
    try:
        return act()
    except RefusalError as refusal:
        return refused(refusal.code, refusal.where, refusal.parameters)
    except Exception as error:
        # The text of an unexpected exception may quote a patient's value: only its type leaves.
        return refused("INTERNAL", [innocent_name(error)])


def _in_clear(
    site: Site,
    message: Mapping[str, Any],
    policy: Policy,
    read_frame: Callable[[Policy], pd.DataFrame],
) -> dict[str, Any]:
    step, arguments, place = _check(site, message)
    return _sums(site, step, arguments, place, policy, read_frame)


def _sums(
    site: Site,
    step: str,
    arguments: Mapping[str, Any],
    place: Place,
    policy: Policy,
    read_frame: Callable[[Policy], pd.DataFrame],
    cover: Callable[[SiteAnswer], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the answer to a question.

    ``redraws`` says that the site has no secret, so that its noise is drawn anew each time. With
    ``cover`` stands under ``masked`` what it makes of the sums, and no row count.
    """
    check_request(site, step, arguments, policy)
    used = policy if cover is None else policy.under_masks()
    used = used.asked(step, arguments)
    found = site.steps[step](read_frame(policy), arguments, used, place)
    if not found.sums.is_finite():
        raise RefusalError("NON_FINITE")
    if policy.noise.on:
        _insist_on_noise(site, found.sums)
    reply: dict[str, Any] = {"schema": SCHEMA, "version": __version__}
    if cover is None:
        reply |= {
            "status": "ok" if found.has_rows else "no_rows",
            "n": found.n,
            "dropped": found.dropped,
            "sums": found.sums.to_json(),
        }
    else:
        reply |= {"status": "ok", "masked": cover(found)}
    limits = policy.own_settings()
    if policy.noise.on and policy.secret is None:
        reply["redraws"] = True
    return reply | {"limits": limits} if limits else reply


def _insist_on_noise(site: Site, sums: Sums) -> None:
    """Let no number leave without noise unless the analysis declares it to be exact.

    Raises
    ------
    RefusalError
        ``INTERNAL``.
    """
    for name in sums.counts():
        parts = name.split("/")
        first = parts[2] if parts[0] == "site" else parts[0]
        if name not in sums.noise and first not in site.exact:
            raise RefusalError("INTERNAL", [first])


def refused(
    code: str, where: tuple[str, ...] | list[str] = (), parameters: int | None = None
) -> dict[str, Any]:
    """Return a refusal as data; ``parameters`` is a field only where it is told."""
    refusal = {"schema": SCHEMA, "status": "refused", "code": code, "where": list(where)}
    return refusal if parameters is None else refusal | {"parameters": parameters}


def innocent_name(error: BaseException) -> str:
    """Return the exception's type if it is on the closed list, else ``Exception``."""
    name = type(error).__name__
    return name if name in INNOCENT else "Exception"


def check_fields(message: Mapping[str, Any], fields: Collection[str]) -> None:
    """Insist on these fields, no other, on this version, and that the step is a word.

    Raises
    ------
    RefusalError
        ``BAD_REQUEST``, ``BAD_STEP``, ``VERSION``.
    """
    unknown = [name for name in message if name not in fields]
    if unknown:
        raise RefusalError("BAD_REQUEST", [name[:60] for name in unknown])
    missing = [name for name in fields if name not in message]
    if missing:
        raise RefusalError("BAD_STEP", missing)
    if message["version"] != __version__:
        raise RefusalError("VERSION")
    if not isinstance(message["step"], str):
        raise RefusalError("BAD_STEP", ["step"])


def _check(site: Site, message: Mapping[str, Any]) -> tuple[str, Mapping[str, Any], Place]:
    check_fields(message, FIELDS)
    step, arguments = message["step"], message["arguments"]
    if step not in site.steps:
        raise RefusalError("BAD_STEP", ["step"])
    if not isinstance(arguments, dict):
        raise RefusalError("BAD_REQUEST", ["arguments"])
    index, count = message["index"], message["count"]
    if not (type(index) is int and type(count) is int and 0 <= index < count <= 10_000):
        raise RefusalError("BAD_REQUEST", ["index", "count"])
    return step, arguments, Place(index, count)
