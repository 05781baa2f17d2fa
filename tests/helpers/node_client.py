"""A client over nodes in this process, each with settings of its own, for the entry modules."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from helpers import five
from v6_clinical.protocol.registry import partial_name


class NodeClient:
    """Speaks as the algorithm clients of 4.x and 5.x do; what is sent and answered is text.

    Parameters
    ----------
    settings
        The V6C_* settings of each organisation's node.
    encrypted
        Whether the text is what an encrypted collaboration carries: base64 of bytes.
    """

    def __init__(
        self,
        package: str,
        major: str,
        frames: Sequence[pd.DataFrame],
        settings: Sequence[Mapping[str, str]],
        monkeypatch: pytest.MonkeyPatch,
        *,
        encrypted: bool = False,
    ) -> None:
        self.entry = import_module(f"{package}.{major}")
        self.partial = getattr(self.entry, partial_name(package))
        self.frames, self.settings, self.patch = frames, settings, monkeypatch
        self.encrypted = encrypted
        self.results: list[Any] = []
        self.sizes: list[int] = []
        self.organization = self.task = self
        self.run = SimpleNamespace(from_task=lambda task: [{"status": "completed"}])
        self.result = SimpleNamespace(from_task=lambda task: [self.results[task]])

    def list(self) -> list[dict[str, Any]]:
        """Return the organisations."""
        return [{"id": number} for number in range(1, len(self.frames) + 1)]

    def create(
        self,
        *,
        organizations: Sequence[int],
        name: str,
        input_: dict[str, Any] | None = None,
        method: str = "",
        arguments: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Run a sub-task at once: of 4.x with ``input_``, of 5.x with ``arguments``."""
        (site,) = organizations
        message = self._carried(arguments if input_ is None else input_["kwargs"])
        with self.patch.context() as patch:
            for setting, value in self.settings[site - 1].items():
                patch.setenv(setting, value)
            patch.setenv("FUNCTION_ACTION", five.Steps.FEDERATED_COMPUTE.value)
            found = self.partial(mock_data=[self.frames[site - 1].copy()], **message)
        self.results.append(self._carried(found))
        return {"id": len(self.results) - 1}

    def _carried(self, message: Any) -> Any:
        text = json.dumps(message, allow_nan=False).encode()
        self.sizes.append(len(text))
        return json.loads(base64.b64decode(base64.b64encode(text)) if self.encrypted else text)

    def request(self, endpoint: str) -> dict[str, Any]:
        """Return a status: every sub-task is done."""
        return {"status": "completed"}
