"""How a measurement's progress is shown: a Rich bar with the time left, or plain lines where no one watches."""

from __future__ import annotations

import os
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

from serlab.analysis.words import counted

#: Without a terminal, a line this often is enough to see that a long phase is alive.
PLAIN_INTERVAL_S = 30.0


class ProgressShow:
    """A listener for the terminal; use it as a context manager.

    On a terminal it draws a bar; elsewhere (a pipe, CI) it prints a line per phase; with ``quiet`` only remarks. The
    bar and the time left are of the whole work where somebody knows what that takes, else of the present phase.
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False, markup=False)
        self._quiet = quiet
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._phase = self._then = ""
        self._steps: int | None = None
        self._done = 0
        self._ends_s: float | None = None
        self._last_line_s = self._began_s = self._opened_s = time.monotonic()
        if not quiet and self._console.is_terminal and not os.environ.get("CI"):
            columns = (
                TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
                BarColumn(bar_width=20),
                TextColumn("{task.fields[left]}", markup=False, table_column=Column(no_wrap=True)),
                TextColumn("{task.fields[step]}", markup=False, style="dim",
                           table_column=Column(no_wrap=True, overflow="ellipsis")),
            )  # fmt: skip
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
        self._phase, self._steps, self._done, self._then = title, steps, 0, ""
        self._began_s = time.monotonic()
        self._last_line_s = self._began_s
        if self._bar:
            if self._task is None:
                self._task = self._bar.add_task(title, total=None, step="", left="")
            self._show("")
        elif not self._quiet:
            self._console.print(f"{title}: {counted(steps, 'step')}" if steps else title)

    def outlook(self, left_s: float, then: str = "") -> None:
        """Tell what the whole work still takes, and what follows the phase that has just begun."""
        self._ends_s, self._then = time.monotonic() + left_s, then
        if self._bar:
            self._show("")
        elif not self._quiet:
            self._console.print("; ".join(filter(None, (self._left(), f"then {then}" if then else ""))))

    def step(self, title: str) -> None:
        """Begin a step; the one before it is done."""
        self._done += 1
        if self._bar:
            self._show(title)
        elif not self._quiet and time.monotonic() - self._last_line_s > PLAIN_INTERVAL_S:
            self._last_line_s = time.monotonic()
            self._console.print(", ".join(filter(None, (self._where(), title, self._left()))))

    def _show(self, step: str) -> None:
        if self._bar is None or self._task is None:
            return
        now, share = time.monotonic(), self._share()
        if self._ends_s is not None:
            spent = now - self._opened_s
            share = spent / max(spent + self._ends_s - now, 1e-9)
        step = " · ".join(filter(None, (step, f"then {self._then}" if self._then else "")))
        self._bar.update(self._task, description=self._where(), total=None if share is None else 1.0,
                         completed=min(share or 0.0, 1.0), step=step, left=self._left())  # fmt: skip

    def _where(self) -> str:
        """The phase, and which of its steps runs; a step more than were announced has no number."""
        counted = self._steps is not None and 0 < self._done <= self._steps
        return f"{self._phase}: {self._done} of {self._steps}" if counted else self._phase

    def _share(self) -> float | None:
        """The share of the present phase that is done."""
        return min(1.0, max(0, self._done - 1) / self._steps) if self._steps else None

    def _left(self) -> str:
        """How long it will take, and until when: ``6 min left, until 19:42``; "" where nothing is known yet."""
        now, share = time.monotonic(), self._share()
        if self._ends_s is not None:
            left_s = self._ends_s - now
            what = ""
        elif share:
            left_s = (now - self._began_s) * (1 / share - 1)
            what = f" of {self._phase}"
        else:
            return ""
        if left_s < 1:
            return "about to end"
        told = f"{left_s:.0f} s" if left_s < 90 else f"{left_s / 60:.0f} min"
        return f"{told} left{what}, until {time.strftime('%H:%M', time.localtime(time.time() + left_s))}"

    def remark(self, text: str) -> None:
        """Print a remark, whatever else is shown."""
        self._console.print(text)
