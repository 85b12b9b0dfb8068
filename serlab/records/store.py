"""The only reader and writer of ``results/``.

``results/<machine>/<run>/`` holds ``run.json`` and further parts, each a JSON file that is written whole and moved into
place, or JSON lines while it is gathered; ``memory.jsonl``, ``endtoend.jsonl`` and ``time/*.jsonl``, which grow by a
line per measurement; and what other tools read: ``time/*.json`` (pyperf suites), ``memory/*.bin|*.html`` (memray). An
interruption leaves the state before it. Files from others are data: they are bounded, checked against the records'
types, and nothing in them is executed.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from serlab.errors import StoreError, UnknownNameError
from serlab.records import schema, series, suites
from serlab.records.endtoend import Answer, EndToEndRun
from serlab.records.files import confined, make_folder, read_file, replace_file
from serlab.records.lock import FolderLock, hold
from serlab.records.run import OPS, Case, MemoryProfile, Run, RunInfo
from serlab.records.run_data import RunData, labelled

DEFAULT_ROOT = Path("results")
#: The part, and the folder, of a model's recorded answers.
ANSWERS = "answers"

T = TypeVar("T")


class RunFolder:
    """One run on disk. Adding to it writes at once: what has been measured is never only in memory.

    Who writes holds the folder as long as this object lives, so that no second process writes into the same run.

    Raises:
        StoreError: the folder cannot be read or written, or holds something else than a run.
        SchemaVersionError: another version of serlab wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: FolderLock | None = None
        self._added = 0

    @property
    def name(self) -> str:
        """``<machine>/<run>``: what commands take as RUN."""
        path = self.path.absolute() if ".." not in self.path.parts else self.path.resolve()
        return f"{path.parent.name}/{path.name}"

    def claim(self) -> None:
        """Keep other processes from writing into this run; writing claims it too.

        Raises:
            StoreError: another process writes into it, or its folder was removed since it was claimed.
        """
        if self._lock is None:
            self._lock = hold(self.path, self.name)
        if not self._lock.holds(self.path):
            lost = f"what it held is lost, with the {self._added} records that were added since: measure again"
            raise StoreError(f"{self.path} was removed while it was written to: {lost}")

    def write_info(self, info: RunInfo) -> None:
        """Write ``run.json``."""
        self._write("run.json", info)

    def read_info(self) -> RunInfo:
        """Return what ``run.json`` holds."""
        return self._read("run.json", RunInfo)

    def add_timed(self, suite: str, document: suites.PyperfSuite) -> None:
        """Add what one process measured to ``suite``: an op, or what else was timed."""
        self._append(f"time/{suite}", (document,), lambda: self._read_suites(suite))

    def read_suites(self) -> dict[str, suites.PyperfSuite]:
        """Return everything that was timed, as one pyperf suite per op, and per what else was timed."""
        names = sorted({path.stem for path in self.path.glob("time/*.json*")})
        return {name: suites.joined(found) for name in names if (found := self._read_suites(name))}

    def write_suites(self) -> None:
        """Write the files that ``pyperf show`` reads."""
        for name, suite in self.read_suites().items():
            self.claim()
            text = msgspec.json.format(msgspec.json.encode(suite), indent=1)
            replace_file(self.inside(f"time/{name}.json"), text)

    def read_runs(self) -> tuple[Run, ...]:
        """Return the timed runs of both ops, calibrations left out."""
        return tuple(
            run for op in OPS for run in suites.timed_runs(self._read_suites(op), str(self.path / "time" / op))
        )

    def read_loops(self) -> dict[Case, int]:
        """Return the calibrated number of loops per case."""
        found: dict[Case, int] = {}
        for op in OPS:
            found |= suites.calibrations(self._read_suites(op), str(self.path / "time" / op))
        return found

    def add_memory(self, *profiles: MemoryProfile) -> None:
        """Add memory profiles; one of a case that has one takes its place. The captures lie in ``memory_folder``."""
        self._append("memory", profiles, self.read_memory)

    def read_memory(self) -> tuple[MemoryProfile, ...]:
        """Return the memory profile of each case, none where memory was not measured."""
        return tuple({profile.case: profile for profile in self._read_series("memory", MemoryProfile)}.values())

    @property
    def memory_folder(self) -> Path:
        """Where memray's captures and pages lie; created when first asked for."""
        folder = self.inside("memory")
        make_folder(folder)
        return folder

    def add_endtoend(self, *runs: EndToEndRun) -> None:
        """Add end-to-end runs."""
        self._append("endtoend", runs, self.read_endtoend)

    def read_endtoend(self) -> tuple[EndToEndRun, ...]:
        """Return the end-to-end runs, none where nothing was called."""
        return self._read_series("endtoend", EndToEndRun)

    def write_part(self, name: str, records: Any) -> Path:
        """Write any other part of a run (``correlation``, ``precision``, …): frozen dataclasses, or JSON types."""
        path = self._write(f"{name}.json", records)
        self.inside(name + series.SUFFIX).unlink(missing_ok=True)
        return path

    def gather(self, name: str) -> Callable[[object], None]:
        """Return what adds a piece to a part: a record of its kind, kept at once. The first takes an earlier's place.

        ``read_part`` returns all pieces as one, until ``write_part`` writes the part whole.
        """
        earlier = [series.SUFFIX, ".json"]

        def add(piece: object) -> None:
            self.claim()
            while earlier:
                self.inside(name + earlier.pop()).unlink(missing_ok=True)
            self._append(name, (piece,), tuple)

        return add

    def read_part(self, name: str, kind: type[T], default: T) -> T:
        """Return the part called ``name`` as ``kind``, ``default`` where the run has none."""
        pieces = self._lines(name, kind)
        return series.joined(pieces) if pieces else self._read_optional(f"{name}.json", kind, default)

    def read_answers(self) -> tuple[Answer, ...]:
        """Return the recorded answers of a model that is not the lab's own."""
        return self.read_part(ANSWERS, tuple[Answer, ...], ())

    def read(self) -> RunData:
        """Return the whole run for reading: payloads of many tensors have labels in place of their long names."""
        return labelled(
            RunData(self.read_info(), self.read_runs(), self.read_memory(), self.read_endtoend(), self.read_answers())
        )

    def inside(self, path: str) -> Path:
        """Return the file of this run that a record names by its path.

        Raises:
            StoreError: the path leads out of the run's folder.
        """
        return confined(self.path, path)

    def _append(self, name: str, records: Iterable[object], earlier: Callable[[], Iterable[object]]) -> None:
        self.claim()
        records = tuple(records)
        series.append(self.inside(name + series.SUFFIX), records, earlier)
        self._added += len(records)

    def _lines(self, name: str, kind: type[T]) -> tuple[T, ...]:
        try:
            return series.read(self.inside(name + series.SUFFIX), kind)
        except FileNotFoundError:
            return ()

    def _read_series(self, name: str, kind: type[T]) -> tuple[T, ...]:
        whole = tuple[kind, ...]  # type: ignore[valid-type]
        return self._lines(name, kind) or self._read_optional(f"{name}.json", whole, ())

    def _read_suites(self, name: str) -> tuple[suites.PyperfSuite, ...]:
        path = self.inside(f"time/{name}.json")
        if found := self._lines(f"time/{name}", suites.PyperfSuite):
            return found
        return (suites.read_suite(path),) if path.exists() else ()

    def _write(self, file: str, data: Any) -> Path:
        self.claim()
        return replace_file(self.inside(file), schema.encode(data))

    def _read_optional(self, file: str, kind: type[T], default: T) -> T:
        try:
            return schema.decode(read_file(self.inside(file)), kind, self.path / file)
        except FileNotFoundError:
            return default

    def _read(self, file: str, kind: type[T]) -> T:
        try:
            return schema.decode(read_file(self.inside(file)), kind, self.path / file)
        except FileNotFoundError:
            if self._lock is not None:
                self.claim()  # says that the folder was removed
            raise StoreError(f"{self.path} is not a run: it has no {file}") from None


def now() -> str:
    """Return the time in UTC as runs record it: ISO 8601, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def create_run(root: Path, machine: str, *, now: datetime | None = None) -> RunFolder:
    """Create the folder of a new run, named by its time in UTC.

    Raises:
        StoreError: the results folder cannot be written.
    """
    stamp = (now or datetime.now(timezone.utc)).strftime("%Y-%m-%dT%H-%M-%SZ")
    parent = root / machine
    make_folder(parent)
    for suffix in ("", *(f"-{number}" for number in range(2, 100))):
        path = parent / (stamp + suffix)
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise StoreError(f"cannot write {parent}: {error.strerror}; choose another with --results") from error
        return RunFolder(path)
    raise StoreError(f"{parent} has a hundred runs of {stamp} already")


def check_writable(root: Path) -> None:
    """Find out before a server is started or anything is measured that results could not be kept.

    Raises:
        StoreError: the folder cannot be written.
    """
    make_folder(root)
    if not os.access(root, os.W_OK | os.X_OK):
        raise StoreError(f"cannot write {root}: choose another folder with --results")


def list_runs(root: Path = DEFAULT_ROOT) -> list[RunFolder]:
    """Return the runs under ``root``, oldest first by the time in their name."""
    found = [path.parent for path in root.glob("*/*/run.json")]
    return [RunFolder(path) for path in sorted(found, key=lambda path: (path.name, path.parent.name))]


def newest_run(root: Path, wanted: Callable[[RunFolder], bool]) -> RunFolder | None:
    """Return the newest run that is ``wanted``, None if there is none. One that cannot be read is passed over."""
    for run in reversed(list_runs(root)):
        try:
            if wanted(run):
                return run
        except StoreError as error:
            print(f"passed over: {error}", file=sys.stderr)
    return None


def find_run(spec: str | None, root: Path = DEFAULT_ROOT) -> RunFolder:
    """Return the run called ``spec``: a folder, ``<machine>/<run>``, ``<run>``, or None for the newest.

    Without ``spec`` only benchmarks count: runs of the precision lab and the like are asked for by name.

    Raises:
        UnknownNameError: no such run.
        StoreError: there are no runs at all.
    """
    if spec is None:
        newest = newest_run(root, lambda run: bool(run.read_info().plan))
        if newest is None:
            raise StoreError(f"there are no benchmarks in {root}: measure one with serlab bench")
        return newest
    runs = list_runs(root)
    if (Path(spec) / "run.json").exists():
        return RunFolder(Path(spec))
    for run in reversed(runs):
        if spec in (run.name, run.path.name, run.path.parent.name):
            return run
    raise UnknownNameError("run", spec, [run.name for run in runs] or [f"none in {root}"])


def file_stem(case_id: str) -> str:
    """Return a file name for a case id: readable, and unique where characters had to be replaced."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", case_id.replace("/", "--"))
    if plain == case_id.replace("/", "--"):
        return plain
    return f"{plain[:80]}-{hashlib.sha256(case_id.encode()).hexdigest()[:8]}"
