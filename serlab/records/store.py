"""The only reader and writer of ``results/``.

``results/<machine>/<run>/`` holds ``run.json``, ``time/encode.json`` and ``time/decode.json`` (pyperf suites),
``memory.json`` with ``memory/*.bin|*.html`` (memray), ``endtoend.json`` and ``correlation.json``. Every file is written
whole and moved into place, so an interruption leaves the state before it. Files from others are data: they are
checked against the records' types, nothing in them is executed.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from serlab.errors import SchemaVersionError, StoreError, UnknownNameError
from serlab.records.run import OPS, Case, EndToEndRun, MemoryProfile, Op, Run, RunData, RunInfo

if TYPE_CHECKING:
    import pyperf

SCHEMA_VERSION = 1
DEFAULT_ROOT = Path("results")

T = TypeVar("T")


class RunFolder:
    """One run on disk. Adding to it writes at once: what has been measured is never only in memory.

    Raises:
        StoreError: the folder cannot be read or written, or holds something else than a run.
        SchemaVersionError: another version of serlab wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._suites: dict[Op, pyperf.BenchmarkSuite] = {}

    @property
    def name(self) -> str:
        """``<machine>/<run>``: what commands take as RUN."""
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def is_benchmark(self) -> bool:
        """Whether the run follows a plan of cases, as ``bench``, ``time`` and ``memory`` make; False if unreadable."""
        try:
            return bool(self.read_info().plan)
        except StoreError:
            return False

    def write_info(self, info: RunInfo) -> None:
        """Write ``run.json``."""
        self._write("run.json", info)

    def read_info(self) -> RunInfo:
        """Return what ``run.json`` holds."""
        return self._read("run.json", RunInfo)

    def add_time_run(self, op: Op, benchmark_file: Path) -> None:
        """Take the one run of a worker's pyperf file into the suite of ``op``."""
        import pyperf

        benchmark = pyperf.Benchmark.load(str(benchmark_file))
        suite = self._suite(op)
        if suite is None:
            self._suites[op] = suite = pyperf.BenchmarkSuite([benchmark])
        else:
            suite.add_runs(benchmark)
        self._replace(self._suite_path(op), lambda temporary: suite.dump(str(temporary), compact=False, replace=True))

    def read_runs(self) -> tuple[Run, ...]:
        """Return the timed runs of both ops, calibrations left out."""
        return tuple(run for op in OPS for run in _runs_of(self._suite(op)))

    def read_loops(self) -> dict[Case, int]:
        """Return the calibrated number of loops per case."""
        return {case: run.get_loops() for op in OPS for case, run in _all_runs(self._suite(op))}

    def write_memory(self, profiles: Iterable[MemoryProfile]) -> None:
        """Write ``memory.json``; the captures lie in ``memory_folder``."""
        self._write("memory.json", tuple(profiles))

    def read_memory(self) -> tuple[MemoryProfile, ...]:
        """Return the memory profiles, none where memory was not measured."""
        return self._read_optional("memory.json", tuple[MemoryProfile, ...], ())

    @property
    def memory_folder(self) -> Path:
        """Where memray's captures and pages lie; created when first asked for."""
        folder = self.path / "memory"
        _make(folder)
        return folder

    def write_endtoend(self, runs: Iterable[EndToEndRun]) -> None:
        """Write ``endtoend.json``."""
        self._write("endtoend.json", tuple(runs))

    def read_endtoend(self) -> tuple[EndToEndRun, ...]:
        """Return the end-to-end runs, none where nothing was called."""
        return self._read_optional("endtoend.json", tuple[EndToEndRun, ...], ())

    def write_part(self, name: str, records: Any) -> Path:
        """Write any other part of a run (``correlation``, ``precision``, …): frozen dataclasses, or JSON types."""
        return self._write(f"{name}.json", records)

    def read_part(self, name: str, kind: type[T], default: T) -> T:
        """Return the part called ``name`` as ``kind``, ``default`` where the run has none."""
        return self._read_optional(f"{name}.json", kind, default)

    def read(self) -> RunData:
        """Return the whole run."""
        return RunData(self.read_info(), self.read_runs(), self.read_memory(), self.read_endtoend())

    def _suite_path(self, op: Op) -> Path:
        return self.path / "time" / f"{op}.json"

    def _suite(self, op: Op) -> pyperf.BenchmarkSuite | None:
        path = self._suite_path(op)
        if op not in self._suites and path.exists():
            import pyperf

            try:
                self._suites[op] = pyperf.BenchmarkSuite.load(str(path))
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise StoreError(f"{path} is not a pyperf suite: {error}") from error
        return self._suites.get(op)

    def _write(self, file: str, data: Any) -> Path:
        encoded = msgspec.json.format(msgspec.json.encode({"schema_version": SCHEMA_VERSION, "data": data}), indent=1)
        return self._replace(self.path / file, lambda temporary: temporary.write_bytes(encoded))

    def _replace(self, path: Path, write: Any) -> Path:
        _make(path.parent)
        # Not tempfile: its files are for the owner's eyes only, and results are there to be shared.
        temporary = path.with_name(f".{path.name}-{os.getpid()}")
        try:
            try:
                write(temporary)
                os.replace(temporary, path)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
        return path

    def _read_optional(self, file: str, kind: type[T], default: T) -> T:
        return self._read(file, kind) if (self.path / file).exists() else default

    def _read(self, file: str, kind: type[T]) -> T:
        path = self.path / file
        try:
            envelope = msgspec.json.decode(path.read_bytes(), type=_Envelope)
        except FileNotFoundError:
            raise StoreError(f"{self.path} is not a run: it has no {file}") from None
        except (OSError, msgspec.DecodeError) as error:
            raise StoreError(f"cannot read {path}: {error}") from error
        if envelope.schema_version != SCHEMA_VERSION:
            raise SchemaVersionError(
                f"{path} has schema version {envelope.schema_version}, this serlab reads {SCHEMA_VERSION}: use the "
                "serlab that wrote it, or measure again"
            )
        try:
            return msgspec.json.decode(envelope.data, type=kind)
        except msgspec.DecodeError as error:
            raise StoreError(f"{path} does not hold what it should: {error}") from error


class _Envelope(msgspec.Struct):
    schema_version: int
    data: msgspec.Raw


def create_run(root: Path, machine: str, *, now: datetime | None = None) -> RunFolder:
    """Create the folder of a new run, named by its time in UTC.

    Raises:
        StoreError: the results folder cannot be written.
    """
    stamp = (now or datetime.now(timezone.utc)).strftime("%Y-%m-%dT%H-%M-%SZ")
    parent = root / machine
    _make(parent)
    for suffix in ("", *(f"-{number}" for number in range(2, 100))):
        path = parent / (stamp + suffix)
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise StoreError(
                f"cannot write {parent}: {error.strerror}; choose another folder with --results"
            ) from error
        return RunFolder(path)
    raise StoreError(f"{parent} has a hundred runs of {stamp} already")


def check_writable(root: Path) -> None:
    """Find out before a server is started or anything is measured that results could not be kept.

    Raises:
        StoreError: the folder cannot be written.
    """
    _make(root)
    if not os.access(root, os.W_OK | os.X_OK):
        raise StoreError(f"cannot write {root}: choose another folder with --results")


def list_runs(root: Path = DEFAULT_ROOT) -> list[RunFolder]:
    """Return the runs under ``root``, oldest first by the time in their name."""
    found = [path.parent for path in root.glob("*/*/run.json")]
    return [RunFolder(path) for path in sorted(found, key=lambda path: (path.name, path.parent.name))]


def find_run(spec: str | None, root: Path = DEFAULT_ROOT) -> RunFolder:
    """Return the run called ``spec``: a folder, ``<machine>/<run>``, ``<run>``, or None for the newest.

    Without ``spec`` only benchmarks count: runs of the precision lab and the like are asked for by name.

    Raises:
        UnknownNameError: no such run.
        StoreError: there are no runs at all.
    """
    runs = list_runs(root)
    if spec is None:
        benchmarks = [run for run in runs if run.is_benchmark]
        if not benchmarks:
            raise StoreError(f"there are no benchmarks in {root}: measure one with serlab bench")
        return benchmarks[-1]
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


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot write {folder}: {error.strerror}; choose another folder with --results") from error


def _all_runs(suite: pyperf.BenchmarkSuite | None) -> Iterable[tuple[Case, Any]]:
    for benchmark in suite.get_benchmarks() if suite else ():
        for run in benchmark.get_runs():
            labels = run.get_metadata()
            if "serlab_codec" in labels:
                form = labels.get("serlab_form")
                yield Case(labels["serlab_payload"], labels["serlab_codec"], labels["serlab_op"], form), run


def _runs_of(suite: pyperf.BenchmarkSuite | None) -> Iterable[Run]:
    for case, run in _all_runs(suite):
        if run.values:
            loops = run.get_loops()
            warmups_s = sum(count * value for count, value in run.warmups)
            timed_s = warmups_s + sum(run.values) * loops
            yield Run(case, int(run.get_metadata()["serlab_round"]), loops, tuple(run.values), timed_s)
