"""Signs of life in a terminal, in a notebook, and in neither."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from v6_clinical.analyst import progress
from v6_clinical.analyst.progress import Lines, Notebook, Terminal, display


class FakeNotebook:
    """IPython as a notebook's kernel has it: what was shown, and put in its place."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown: list[str] = []
        shell = SimpleNamespace(kernel=object())
        ipython, shows = ModuleType("IPython"), ModuleType("IPython.display")
        ipython.get_ipython = lambda: shell  # type: ignore[attr-defined]
        shows.HTML = str  # type: ignore[attr-defined]
        shows.display = self.display  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        monkeypatch.setitem(sys.modules, "IPython.display", shows)

    def display(self, shown: str, display_id: bool) -> Any:
        assert display_id
        self.shown.append(shown)
        return SimpleNamespace(update=self.shown.append)


def test_a_notebook_shows_a_bar_and_clears_it(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = FakeNotebook(monkeypatch)
    with display("auto", "cox <1>") as watch:
        watch.note("waiting for the central node")
        watch.round(2, "evaluate", 3, answered=1)
    assert "waiting for the central node" in notebook.shown[0]
    assert '<progress max="3" value="1">' in notebook.shown[1]
    assert "cox &lt;1&gt;: round 2 (evaluate), 1 of 3 sites answered" in notebook.shown[1]
    assert notebook.shown[2:] == [""]


def test_a_notebook_is_cleared_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = FakeNotebook(monkeypatch)

    def interrupted() -> None:
        with display("notebook", "cox") as watch:
            watch.round(1, "start", 3)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert notebook.shown[-1] == ""


def test_ipython_in_a_terminal_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeNotebook(monkeypatch)
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: SimpleNamespace())
    assert progress._suitable() in ("terminal", "lines")


@pytest.mark.parametrize(("tty", "way"), [(True, Terminal), (False, Lines)])
def test_without_a_notebook_the_stream_decides(
    monkeypatch: pytest.MonkeyPatch, tty: bool, way: type[Any]
) -> None:
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: tty))
    assert progress._suitable() == {Terminal: "terminal", Lines: "lines"}[way]


def test_a_terminal_shows_the_newest_state() -> None:
    from io import StringIO

    from rich.console import Console

    shown = Terminal()
    shown._live.console = Console(file=StringIO(), force_terminal=True, width=80)
    with shown:
        watch = progress.Watch(progress.State("cox"), shown)
        watch.round(1, "start", 3)
        watch.answer()
        shown._live.refresh()
    text = shown._live.console.file.getvalue()  # type: ignore[attr-defined]
    assert "round 1 (start), 1 of 3 sites answered" in text


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with display("silent", "cox") as watch:
        watch.round(1, "start", 3)
    assert capsys.readouterr() == ("", "")


def test_an_unknown_way_is_named() -> None:
    with (
        pytest.raises(ValueError, match="terminal, notebook, lines, silent"),
        display("loud", "x"),  # type: ignore[arg-type]
    ):
        pass


def test_notebook_is_a_display() -> None:
    """Nothing of IPython is asked for before there is something to show."""
    with Notebook():
        pass
