"""The analyst's layer on a real stack: the same calls as in one process, with the stock client.

``run`` stands beside the client, in the container of the analyst: it needs the standard library
and ``common/`` and ``algorithms/`` on the path, nothing else. ``check`` stands on the side of the
tests.
"""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

INTERRUPT_SECONDS = 4.0  # less than any analysis takes on a real stack


def run(client: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Run analyses through ``Federation``, one that is refused, and one that is interrupted.

    Parameters
    ----------
    client
        vantage6's ``UserClient`` of 4.x or 5.x, logged in.
    given
        ``place``: arguments of ``Federation``; ``cases``: pairs of an analysis and its arguments;
        ``refused``: arguments of a summary that a site refuses.
    """
    from v6_clinical.analyst import Federation

    federation = Federation(client, progress="lines", **given["place"])
    return {
        "results": [_done(federation, name, arguments) for name, arguments in given["cases"]],
        "refused": _refused(federation, given["refused"]),
        "interrupted": interrupted(client, federation, *_longest(given["cases"])),
    }


def _longest(cases: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[str, Mapping[str, Any]]:
    """Return the case of most rounds: there is time to interrupt it."""
    return next(case for case in cases if case[0] == "cox")


def _done(federation: Any, analysis: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result, what progress was shown, and the seconds."""
    began, said = time.monotonic(), StringIO()
    with redirect_stderr(said):
        found = getattr(federation, analysis)(**arguments)
    return {
        "result": found.to_dict(),
        "lines": said.getvalue().splitlines(),
        "seconds": time.monotonic() - began,
    }


def _refused(federation: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the exception says."""
    from v6_clinical.analyst import AnalysisError

    try:
        federation.summary(**arguments)
    except AnalysisError as error:
        return {"code": error.code, "sites": error.sites, "remedy": error.remedy}
    return {"code": None, "sites": [], "remedy": ""}


def interrupted(
    client: Any, federation: Any, analysis: str, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Press Ctrl-C in mid-analysis; return whether it was raised, and the task's end."""
    tasks: list[int] = []
    create: Callable[..., Any] = client.task.create

    def noted(*words: Any, **named: Any) -> Any:
        made = create(*words, **named)
        tasks.append(made["id"])
        threading.Timer(INTERRUPT_SECONDS, _thread.interrupt_main).start()
        return made

    client.task.create = noted
    raised = False
    try:
        getattr(federation, analysis)(**arguments)
    except KeyboardInterrupt:
        raised = True
    finally:
        client.task.create = create
    (run_of_centre,) = client.request("run", params={"task_id": tasks[0]})["data"]
    return {"raised": raised, "status": run_of_centre["status"]}


def check(report: Mapping[str, Any], platform: str) -> None:
    """Compare with the platform ``local``: digits, text, rounds shown, refusal, interrupt.

    ``report`` is that of a ``run`` over all of ``analyses.CASES``.
    """
    from helpers.face_examples import CASES, worst
    from stacks.scenarios import IDS, without_ids
    from v6_clinical.analyst import result_of

    for case, done in zip(CASES, report["results"], strict=True):
        found, expected = done["result"], case.reference()
        kept = [name for name in expected if name not in IDS]
        ours, theirs = ({n: without_ids(r[n]) for n in kept} for r in (found, expected))
        difference = worst(ours, theirs)
        rounds = len(found["ledger"])
        seen = {line.partition("round ")[2][:1] for line in done["lines"] if "round " in line}
        print(
            f"\n{case.analysis} by the analyst's layer on {platform}: {difference:.1e} from local; "
            f"{done['seconds']:.1f} s; {len(seen)} of {rounds} rounds shown; image "
            f"{found['provenance']['image']}"
        )
        assert difference < 1e-8
        assert seen, done["lines"]
        assert case.numeric_column in str(result_of(found))
    refused = report["refused"]
    assert refused["code"] in ("COLUMN_DENIED", "COLUMN_MISSING")
    assert all(site["name"] for site in refused["sites"])
    assert refused["sites"]
    assert refused["remedy"]
    assert report["interrupted"] == {"raised": True, "status": "killed by user"}
