"""The methods paragraph of a paper: what was done, by the options of the request."""

from __future__ import annotations

from collections.abc import Iterator

from v6_clinical.analyst.report.references import Citations
from v6_clinical.face.contract import Cite, Record
from v6_clinical.face.words import counted, of_checks, of_noise
from v6_clinical.protocol.registry import face_of


def methods(result: Record) -> tuple[str, list[str]]:
    """Return a paragraph ready to paste, and its references in the order of their numbers.

    It says what the request asked for and what the result holds, nothing about the node
    operators' settings, which a result does not carry.
    """
    face = face_of(result["analysis"])
    cite = Citations(face.references)
    sentences = [*_federated(result, cite), *face.methods(result, cite)]
    sentences += _disclosure(result, cite)
    return " ".join(sentences), cite.entries


def _federated(result: Record, cite: Cite) -> Iterator[str]:
    sites = [site for site in result["sites"] if site["status"] == "ok"]
    yield (
        f"Data of {len(sites)} sites were analysed without pooling patient records: each site "
        f"computed sums over its own rows, and only these were sent and added (v6-clinical "
        f"{result['version']}, federated analyses for vantage6 {cite('vantage6')})."
    )
    left_out = [site for site in result["sites"] if site["status"] == "refused"]
    if left_out:
        yield f"{counted(len(left_out), 'further site')} declined to answer and took no part."


def _disclosure(result: Record, cite: Cite) -> Iterator[str]:
    yield (
        "Each site checked limits on disclosure before it answered (numbers of rows and of "
        "patients in a cell, parameters for each row, dominance of single patients "
        f"{cite('disclosure')})."
    )
    yield from filter(None, (of_noise(result), of_checks(result)))
    rounds = len(result["ledger"])
    most = max((line["numbers_per_site"] for line in result["ledger"]), default=0)
    yield (
        f"The analysis took {counted(rounds, 'round')} of questions; a site sent at most "
        f"{counted(most, 'number')} in one."
    )
