"""How a measurement's progress is shown: a Rich bar with the time left, or plain lines where no one watches."""

from __future__ import annotations

import os
import time

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

#: Without a terminal, a line this often is enough to see that a long phase is alive.
PLAIN_INTERVAL_S = 30.0


class UntilColumn(ProgressColumn):
    """The time of day when a phase should be over, as soon as its pace is known."""

    def render(self, task: Task) -> Text:
        """Return ``until 19:42``, in local time."""
        return Text("" if task.time_remaining is None else f"until {_until(task.time_remaining)}", style="dim")


def _until(seconds: float) -> str:
    return time.strftime("%H:%M", time.localtime(time.time() + seconds))


class ProgressShow:
    """A listener for the terminal; use it as a context manager.

    On a terminal it draws a bar; elsewhere (a pipe, CI) it prints a line per phase; with ``quiet`` only remarks.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False)
        self._quiet = quiet
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._phase = ""
        self._steps: int | None = None
        self._done = 0
        self._last_line_s = self._began_s = 0.0
        if not quiet and self._console.is_terminal and not os.environ.get("CI"):
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                UntilColumn(),
                TextColumn("{task.fields[step]}", markup=False),
            )
            self._bar = Progress(*columns, console=self._console, transient=True)

    def __enter__(self) -> ProgressShow:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar:
            self._bar.stop()

    def phase(self, title: str, steps: int | None) -> None:
        """Begin a phase."""
        self._phase, self._steps, self._done = title, steps, 0
        self._last_line_s = self._began_s = time.monotonic()
        if self._bar:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(title, total=steps, step="")
        elif not self._quiet:
            self._console.print(f"{title}: {steps} steps" if steps else title)

    def step(self, title: str) -> None:
        """Begin a step; the one before it is done."""
        self._done += 1
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=self._done - 1, step=title)
        elif not self._quiet and time.monotonic() - self._last_line_s > PLAIN_INTERVAL_S:
            self._last_line_s = time.monotonic()
            until = ""
            if self._steps and self._done > 1:
                pace = (time.monotonic() - self._began_s) / (self._done - 1)
                until = f", until about {_until(pace * (self._steps - self._done + 1))}"
            self._console.print(f"{self._phase}: {self._done} of {self._steps}, {title}{until}")

    def remark(self, text: str) -> None:
        """Print a remark, whatever else is shown."""
        self._console.print(text)
