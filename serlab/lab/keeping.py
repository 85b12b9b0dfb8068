"""How what a command finds is kept and shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serlab.measure.plan import Client

from serlab.errors import StoreError
from serlab.records import lock
from serlab.records.store import DEFAULT_ROOT, RunFolder


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where results go, the run to add to (None: a new one), the seed, and how findings are shown.

    ``client`` puts all codecs into one kind of client; None: each in its own.
    """

    results: Path
    run: str | None
    seed: int
    quiet: bool = False
    as_json: bool = False
    client: Client | None = None


@contextmanager
def added_to(folder: RunFolder) -> Iterator[None]:
    """Take a run for unfinished while a further part of it is measured: one that is interrupted is gone on with."""
    info = folder.read_info()
    folder.write_info(replace(info, finished=""))
    yield
    folder.write_info(replace(folder.read_info(), finished=info.finished))


def kept_words() -> list[str]:
    """Say of the runs that this process wrote to where each is, and how to go on with one that is not finished."""
    found = []
    for path in lock.written:
        folder = RunFolder(path)
        try:
            info = folder.read_info()
        except StoreError:
            continue
        words = f"kept in {path}"
        if not info.finished:
            place = folder.name if path.parent.parent == DEFAULT_ROOT else str(path)
            words += f"; {'go on with' if info.resumes else 'read it with serlab summary; measure anew with'}: "
            words += info.next_command(place)
            words += ", and the same --serving" if info.plan and "--serving" in info.command else ""
        found.append(words)
    return found
