"""The opening of a checked run: who takes part, by which list of keys, over which rows.

Each site signs what it is going to answer from, before anything is asked: a nonce that follows from
its rows, its settings and the request. Where one of them changes, the site finds another nonce in a
later round, and refuses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from v6_clinical.errors import AnalysisError, RefusalError
from v6_clinical.protocol.request import Request
from v6_clinical.protocol.transcript import Config
from v6_clinical.secure.keys import Identity, derived
from v6_clinical.secure.peers import Peers, digest
from v6_clinical.secure.signing import keyed, sign, verify
from v6_clinical.version import SCHEMA, __version__

if TYPE_CHECKING:
    import pandas as pd

    from v6_clinical.disclosure import Policy

OPENING: Final = "opening"
FIELDS: Final = frozenset(
    {"schema", "version", "status", "organization", "mode", "peers", "config", "nonce", "signature"}
)
NOT_OF_ANSWERS: Final = frozenset({"secret", "private_key", "peers", "question"})
LABEL: Final = b"opening"


def hello(policy: Policy, identity: Identity) -> dict[str, Any]:
    """Return what a site says to a question that is not checked: that it wants to check them."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "status": OPENING,
        "organization": identity.organization,
        "mode": policy.secure,
        "peers": identity.peers.digest,
    }


def opening(
    config: Config, policy: Policy, identity: Identity, frame: pd.DataFrame
) -> dict[str, Any]:
    """Return what a site says before anything is asked, signed."""
    nonce = nonce_of(config, policy, identity, frame)
    said = hello(policy, identity) | {"config": config_digest(config), "nonce": nonce}
    return said | {"signature": sign(identity.key, LABEL, digest(said).encode())}


def nonce_of(config: Config, policy: Policy, identity: Identity, frame: pd.DataFrame) -> str:
    """Return what stands for the rows, the settings and the request, and tells nothing of them."""
    return keyed(
        derived(identity.key.seed, b"rows"),
        config_digest(config).encode(),
        identity.peers.digest.encode(),
        rows_digest(frame).encode(),
        digest(_settings(policy)).encode(),
        policy.secret or b"",
        __version__.encode(),
    )


def config_digest(config: Config) -> str:
    """Return the digest of what a run is of."""
    return digest([SCHEMA, __version__, config.to_json()])


def rows_digest(frame: pd.DataFrame) -> str:
    """Return the digest of the rows, in whatever order, and of the columns' names and kinds."""
    import numpy as np
    from pandas.util import hash_pandas_object

    try:
        rows = hash_pandas_object(frame, index=False).to_numpy()
    except TypeError:  # values that have no hash, as lists
        rows = hash_pandas_object(frame.astype(str), index=False).to_numpy()
    columns = [[str(name), str(kind)] for name, kind in frame.dtypes.items()]
    found = hashlib.sha256(digest(columns).encode())
    found.update(np.sort(rows).tobytes())
    return found.hexdigest()


def _settings(policy: Policy) -> dict[str, Any]:
    found = {f.name: getattr(policy, f.name) for f in fields(policy)}
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in found.items()
        if name not in NOT_OF_ANSWERS
    }


def check_config(config: Config, request: Request, peers: Peers) -> None:
    """Insist that a run is of all the list's organisations, and of no others.

    Raises
    ------
    RefusalError
        ``PEERS``, or ``BAD_REQUEST`` naming the argument that leaves organisations out.
    """
    if request.on_refusal != "fail":
        raise RefusalError("BAD_REQUEST", ["on_refusal"])
    chosen = request.organizations_to_include
    if chosen is not None and sorted(chosen) != list(peers.ids):
        raise RefusalError("BAD_REQUEST", ["organizations_to_include"])
    if sorted(config.participants) != list(peers.ids):
        raise RefusalError("PEERS", ["organizations"])


def check_openings(openings: Mapping[str, Any], config: Config, peers: Peers) -> None:
    """Insist that every organisation of the list has opened this run, by the same list.

    Raises
    ------
    RefusalError
        ``PEERS`` naming the organisation whose opening is wrong.
    """
    if set(openings) != {str(one) for one in peers.ids}:
        raise RefusalError("PEERS", ["openings"])
    expected = {
        "schema": SCHEMA,
        "version": __version__,
        "status": OPENING,
        "peers": peers.digest,
        "config": config_digest(config),
    }
    for one in peers.ids:
        said = openings[str(one)]
        if not isinstance(said, dict) or set(said) != FIELDS:
            raise RefusalError("PEERS", [str(one)])
        right = expected | {"organization": one}
        if any(said[name] != value for name, value in right.items()):
            raise RefusalError("PEERS", [str(one)])
        unsigned = {name: value for name, value in said.items() if name != "signature"}
        verify(peers, one, said["signature"], LABEL, digest(unsigned).encode())


def wrong_request(refusal: RefusalError) -> AnalysisError:
    """Return in the analyst's words why no checked run is made of a request."""
    if refusal.code == "BAD_REQUEST":
        message = f"Argument '{refusal.where[0]}': sites check each other's questions and answers, "
        message += "so that all of them take part, and none is left out."
        return AnalysisError("BAD_REQUEST", message, remedy=f"Leave {refusal.where[0]} out.")
    message = "The organisations that take part are not those of the sites' list of keys."
    return AnalysisError(refusal.code, message)
