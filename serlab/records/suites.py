"""Timed runs in pyperf's format, read by type and without importing pyperf.

Each line of ``time/<name>.jsonl`` is the pyperf file of one worker; ``time/<name>.json``, what ``pyperf show`` reads,
is all of them put together when a run ends. Format: https://pyperf.readthedocs.io/en/latest/api.html (version 1.0).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from serlab.errors import StoreError
from serlab.records import schema
from serlab.records.files import read_file
from serlab.records.run import Case, Count, Form, Op, Run, Seconds

_Metadata = dict[str, str | int | float | bool | None]
_Values = Annotated[tuple[Seconds, ...], msgspec.Meta(max_length=1_000_000)]


class PyperfRun(msgspec.Struct, omit_defaults=True):
    """One process's values, seconds per loop; warm-ups are (loops, seconds per loop)."""

    metadata: _Metadata = msgspec.field(default_factory=dict)
    values: _Values = ()
    warmups: tuple[tuple[Count, Seconds], ...] | None = None


class PyperfBenchmark(msgspec.Struct, omit_defaults=True):
    """The runs of one benchmark and the metadata that they share."""

    runs: tuple[PyperfRun, ...]
    metadata: _Metadata = msgspec.field(default_factory=dict)


class PyperfSuite(msgspec.Struct):
    """A pyperf file: benchmarks and the metadata that they share."""

    benchmarks: tuple[PyperfBenchmark, ...]
    version: str = "1.0"
    metadata: _Metadata = msgspec.field(default_factory=dict)


class _Labels(msgspec.Struct, rename=lambda name: f"serlab_{name}"):
    """What ``measure`` writes into the metadata of a run."""

    payload: str
    codec: str
    op: Op
    form: Form | None = None
    round: Count = 0
    client: str = ""
    apart: Seconds = 0.0
    apart_timed: Seconds = 0.0
    loops: Annotated[int, msgspec.Meta(ge=1, le=2**53)] = msgspec.field(default=1, name="loops")


def read_suite(path: Path) -> PyperfSuite:
    """Return what a pyperf file holds; raises as ``read_file`` and ``decode_record`` do."""
    return schema.decode_record(read_file(path), msgspec.json.Decoder(PyperfSuite), f"the pyperf suite {path}")


def joined(suites: Iterable[PyperfSuite]) -> PyperfSuite:
    """Return one suite of all runs; what the runs of a benchmark share stands once, as pyperf itself writes it."""
    runs: dict[object, list[tuple[_Metadata, PyperfRun]]] = {}
    for metadata, run in _each(suites):
        runs.setdefault(metadata.get("name"), []).append((metadata, run))
    benchmarks = []
    for found in runs.values():
        shared = _shared(metadata for metadata, _ in found)
        own = [msgspec.structs.replace(run, metadata=_without(metadata, shared)) for metadata, run in found]
        benchmarks.append(PyperfBenchmark(tuple(own), shared))
    shared = _shared(benchmark.metadata for benchmark in benchmarks)
    for benchmark in benchmarks:
        benchmark.metadata = _without(benchmark.metadata, shared)
    return PyperfSuite(tuple(benchmarks), metadata=shared)


def calibrations(suites: Iterable[PyperfSuite], place: str) -> dict[Case, int]:
    """Return the number of loops that each case was calibrated to; ``place`` names the file in errors."""
    return {case: labels.loops for case, labels, _ in _labelled(suites, place)}


def timed_runs(suites: Iterable[PyperfSuite], place: str) -> Iterator[Run]:
    """Yield the timed runs, calibrations left out; ``place`` names the file where something is wrong."""
    for case, labels, run in _labelled(suites, place):
        if run.values:
            warmups_s = sum(count * value for count, value in run.warmups or ())
            timed_s = warmups_s + sum(run.values) * labels.loops + labels.apart_timed
            yield Run(case, labels.round, labels.loops, run.values, timed_s, labels.client, labels.apart)


def _labelled(suites: Iterable[PyperfSuite], place: str) -> Iterator[tuple[Case, _Labels, PyperfRun]]:
    for metadata, run in _each(suites):
        if "serlab_codec" in metadata:
            try:
                labels = msgspec.convert(metadata, _Labels)
            except msgspec.ValidationError as error:
                raise StoreError(f"{place}: metadata of {metadata.get('name')}: {error}") from error
            yield Case(labels.payload, labels.codec, labels.op, labels.form), labels, run


def _each(suites: Iterable[PyperfSuite]) -> Iterator[tuple[_Metadata, PyperfRun]]:
    for suite in suites:
        for benchmark in suite.benchmarks:
            for run in benchmark.runs:
                yield {**suite.metadata, **benchmark.metadata, **run.metadata}, run


def _shared(metadata: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    first, *others = metadata
    return {
        name: value for name, value in first.items() if all(name in other and other[name] == value for other in others)
    }


def _without(metadata: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if name not in shared}
