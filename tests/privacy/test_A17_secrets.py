"""Neither a site's secret nor a key made of it is in anything that leaves, is logged or is shown.

Attack: somebody who knows it takes the noise off. All texts of every analysis are scanned for it,
in any spelling, through the entry modules of both majors and in one process.
"""

from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import pytest

from helpers.canaries import scan
from helpers.face_examples import CASES, Case
from helpers.told_texts import calls_of_a_node, error_of_the_layer, printed_by
from v6_clinical.analyst.report import html
from v6_clinical.disclosure import Policy
from v6_clinical.disclosure.blur import Blur, Source
from v6_clinical.platforms import local
from v6_clinical.protocol import centre
from v6_clinical.protocol.registry import face_of, load_method, load_site
from v6_clinical.protocol.site import answer

EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
KEY = bytes((37 * k + 11) % 256 for k in range(40))
SETTINGS = {
    "V6C_SECRET": base64.b64encode(KEY).decode(),
    "V6C_BLUR": "0.01",
    "V6C_BLUR_ROWS": "0.15",
    "V6C_MIN_CELL": "6",
}
# Refused settings of an operator whose secret is nearly right: it must not be shown either.
WRONG = [
    SETTINGS | {"V6C_MIN_ROWS": "one"},
    SETTINGS | {"V6C_SECRET": KEY.hex() + "z"},
    SETTINGS | {"V6C_SECRETS": KEY.hex()},
    {"V6C_SECRET": KEY[:30].hex()},
    {"v6c_secret": KEY.hex()},
]


@pytest.fixture
def keys() -> Iterator[set[bytes]]:
    """Collect the secret and every key that is made of it."""
    found, source = {KEY}, Blur.source

    def kept(self: Blur, rows: bytes) -> Source:
        made = source(self, rows)
        found.add(made._key)
        return made

    with mock.patch.object(Blur, "source", kept):
        yield found


@pytest.mark.parametrize("spell", [bytes.hex, repr, list, lambda key: base64.b64encode(key)])
def test_control_the_scan_finds_what_is_put_there(spell: Any) -> None:
    assert scan({KEY}, f"request=1 {spell(KEY)} ok")
    assert not scan({KEY}, f"request=1 {spell(KEY[::-1])} ok", {"a": [1, 2.5]})


@EACH
def test_no_result_transcript_or_report_holds_it(case: Case, keys: set[bytes]) -> None:
    policy, kept = Policy.from_environment(SETTINGS), []
    frames = case.frames()
    found = local.run(case.analysis, frames, dict(case.arguments), policy=policy)
    face = face_of(case.analysis)
    sites = local.Sites(load_site(face.package), frames, [policy] * 3, lambda _: None)
    centre.run(
        load_method(face), dict(case.arguments), sites, keep=lambda t: kept.append(t.dumps())
    )
    told = [site["limits"] for site in found["sites"] if "limits" in site]
    assert found["status"] == "completed", found["error"]
    assert len(told) == 3
    assert len(keys) > 3  # keys of three sites' rows have been made, and looked for
    assert not scan(keys, found, told, html(found), *kept)


@EACH
@pytest.mark.parametrize("major", [4, 5])
def test_no_answer_and_no_log_of_a_node_holds_it(
    case: Case, major: int, keys: set[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for calls in calls_of_a_node(case, major, [SETTINGS, *WRONG], monkeypatch):
        assert calls.found["status"] == "ok" or calls.found["code"] == "BAD_SETTING"
        assert calls.ended["status"] == "failed"
        assert not scan(keys, calls.found, calls.ended, *calls.printed)


@EACH
def test_no_exception_within_a_step_tells_it(case: Case, keys: set[bytes]) -> None:
    """A step that fails with the policy, its noise and its source in the text of the error."""
    policy = Policy.from_environment(SETTINGS)
    message, site = case.first_message(), load_site(case.package)

    def read(given: Policy) -> pd.DataFrame:
        raise ValueError(given, given.noise, given.noise.source(b"rows"), given.secret)

    found = answer(site, message, lambda: policy, read)
    assert found["where"] == ["ValueError"]
    try:
        read(policy)
    except ValueError as error:
        shown = [traceback.format_exc(), repr(error), str(error)]
    shown += [repr(policy), str(policy), repr(policy.noise), f"{policy.secret} {policy!s}"]
    assert not scan(keys, found, *shown)
    assert len(keys) == 2


@EACH
@pytest.mark.parametrize("settings", [SETTINGS, *WRONG], ids=range(1 + len(WRONG)))
def test_no_command_shows_it(
    case: Case, settings: Mapping[str, str], keys: set[bytes], tmp_path: Path
) -> None:
    sites = []
    for k, frame in enumerate(case.frames()):
        frame.to_csv(tmp_path / f"{k}.csv", index=False)
        sites += ["--site", str(tmp_path / f"{k}.csv")]
    (tmp_path / "node.yaml").write_text(json.dumps({"algorithm_env": settings}))
    run = ["run", case.analysis, *sites]
    texts = [
        printed_by(["policy"], settings),
        printed_by(["policy", "--config", str(tmp_path / "node.yaml")], {}),
        printed_by([*run, *_options(case), "--save", str(tmp_path / "a.json")], settings),
    ]
    texts += [file.read_text() for file in tmp_path.glob("a.json")]
    assert not scan(keys, *texts)
    assert settings is not SETTINGS or "V6C_SECRET" in texts[0]


def _options(case: Case) -> list[str]:
    from v6_clinical.terminal.commands.arguments import words

    return words(load_method(face_of(case.analysis)).request, case.arguments)


@pytest.mark.parametrize("settings", WRONG, ids=range(len(WRONG)))
def test_no_error_of_the_analysts_layer_holds_it(
    settings: Mapping[str, str], keys: set[bytes]
) -> None:
    assert not scan(keys, *error_of_the_layer(settings))
