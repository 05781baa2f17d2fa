"""Signs of life: which round, how many sites have answered, how long it has taken."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Protocol

Show = Literal["auto", "terminal", "notebook", "lines", "silent"]


@dataclass
class State:
    """How far an analysis is."""

    analysis: str
    round: int = 0
    step: str = ""
    answered: int = 0
    sites: int = 0
    note: str = "waiting to start"
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since the analysis was asked for."""
        return time.monotonic() - self.began

    def text(self) -> str:
        """Return the state in one line."""
        elapsed = f"{int(self.seconds) // 60}:{int(self.seconds) % 60:02d}"
        if not self.round:
            return f"{self.analysis}: {self.note} · {elapsed}"
        return (
            f"{self.analysis}: round {self.round} ({self.step}), "
            f"{self.answered} of {self.sites} sites answered · {elapsed}"
        )


class Display(Protocol):
    """Where the state is shown."""

    def __enter__(self) -> Display:
        """Begin to show."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the place tidy."""

    def show(self, state: State) -> None:
        """Show a state; called at least at every change."""


class Watch:
    """What a platform tells as it goes along."""

    def __init__(self, state: State, shown: Display) -> None:
        self.state = state
        self._display = shown

    def round(self, number: int, step: str, sites: int, answered: int = 0) -> None:
        """Tell that a round is on its way, and how many of its sites have answered."""
        state = self.state
        state.round, state.step, state.sites, state.answered = number, step, sites, answered
        self._display.show(state)

    def answer(self) -> None:
        """Tell that one more site has answered; some rounds take two messages."""
        self.state.answered = min(self.state.answered + 1, self.state.sites)
        self._display.show(self.state)

    def note(self, text: str) -> None:
        """Tell what is waited for while no round has begun; also a mere tick of the clock."""
        self.state.note = text
        self._display.show(self.state)


class Silent:
    """Shows nothing."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, state: State) -> None:
        """Show nothing."""


class Lines(Silent):
    """One line when a round begins and when it is complete: for logs and plain consoles."""

    def __init__(self) -> None:
        self._last: tuple[object, ...] = ()

    def show(self, state: State) -> None:
        """Print a line if the round, or that it is complete, is new."""
        now = (state.round, 0 < state.sites == state.answered, state.round or state.note)
        if now != self._last:
            self._last = now
            print(state.text(), file=sys.stderr, flush=True)  # noqa: T201


class Terminal(Silent):
    """One line that is kept up to date, clock and all, by rich."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        self._state: State | None = None
        self._live = Live(
            console=Console(stderr=True),
            get_renderable=lambda: Text(self._state.text() if self._state else ""),
            refresh_per_second=4,
            transient=True,
        )

    def __enter__(self) -> Terminal:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, state: State) -> None:
        """Put the state in place of the last one."""
        self._state = state


class Notebook(Silent):
    """A bar in the cell's output, without widgets; gone when the analysis is done."""

    def __init__(self) -> None:
        self._handle: Any = None

    def __exit__(self, *_: object) -> None:
        if self._handle is not None:
            self._handle.update(_html(""))

    def show(self, state: State) -> None:
        """Put the state in place of the last one."""
        from html import escape

        shown = _html(
            f'<progress max="{max(state.sites, 1)}" value="{state.answered}"></progress> '
            f"<span>{escape(state.text())}</span>"
        )
        if self._handle is None:
            from IPython.display import display as show

            self._handle = show(shown, display_id=True)
        else:
            self._handle.update(shown)


def _html(text: str) -> Any:
    from IPython.display import HTML

    return HTML(text)


@contextmanager
def display(show: Show, analysis: str) -> Iterator[Watch]:
    """Show how an analysis goes on, in the way that suits the place.

    Raises
    ------
    ValueError
        If ``show`` is none of the ways.
    """
    ways = {"terminal": Terminal, "notebook": Notebook, "lines": Lines, "silent": Silent}
    way = _suitable() if show == "auto" else show
    if way not in ways:
        raise ValueError(f"progress must be 'auto' or one of {', '.join(ways)}, not {show!r}")
    with ways[way]() as shown:
        yield Watch(State(analysis), shown)


def _suitable() -> str:
    """Tell a notebook's kernel from a terminal, and both from a plain stream."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if hasattr(shell, "kernel"):  # Jupyter's and its relatives'; IPython in a terminal has none
        return "notebook"
    return "terminal" if sys.stderr.isatty() else "lines"
