"""Who hears how a measurement is getting on: the command line shows it, tests collect it."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """Hears of phases, steps and remarks. Nothing a listener does may take long: it is called between measurements."""

    def phase(self, title: str, steps: int | None) -> None:
        """A phase of ``steps`` steps begins; None where their number is not known."""

    def outlook(self, left_s: float, then: str = "") -> None:
        """Of the whole work about ``left_s`` seconds are left; ``then`` is what follows the present phase."""

    def step(self, title: str) -> None:
        """A step of the present phase begins."""

    def remark(self, text: str) -> None:
        """Something that a user should read even when progress is not shown."""


class Silent:
    """A listener that says nothing."""

    def phase(self, title: str, steps: int | None) -> None:
        """Ignore the phase."""

    def outlook(self, left_s: float, then: str = "") -> None:
        """Ignore the outlook."""

    def step(self, title: str) -> None:
        """Ignore the step."""

    def remark(self, text: str) -> None:
        """Ignore the remark."""
