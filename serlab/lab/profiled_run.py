"""Which run a profiler adds to, and which of its cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from serlab.codecs import registry
from serlab.errors import CodecUnavailableError, StoreError, UnknownNameError
from serlab.measure.plan import FLAMEGRAPH_PAYLOAD
from serlab.measure.process.machine import describe_machine
from serlab.payload import parse_payload
from serlab.records.run import PayloadInfo, RunInfo
from serlab.records.store import RunFolder, find_run, newest_run


def run_of_this_machine(name: str | None, results: Path) -> RunFolder:
    """Return the run called ``name``, or the newest one with payloads, measured on this machine.

    Raises:
        StoreError: there is none, or it was measured elsewhere: figures of two machines cannot stand in one run.
        UnknownNameError: no run has that name.
    """
    here = describe_machine().name
    if name is not None:
        folder = find_run(name, results)
        measured_on = folder.read_info().machine.name
        if measured_on != here:
            raise StoreError(
                f"run {folder.name} was measured on {measured_on}, this is {here}: figures of two machines cannot be "
                "mixed in one run"
            )
    else:
        found = newest_run(results, lambda run: _is_ours(run.read_info(), here))
        if found is None:
            raise StoreError(f"{results} has no run of this machine ({here}) to add to: measure one with serlab bench")
        folder = found
    folder.claim()
    return folder


def chosen_payloads(info: RunInfo, wanted: Sequence[str]) -> tuple[PayloadInfo, ...]:
    """Return the payloads to profile: those named, else the run's image, else its largest.

    Raises:
        UnknownNameError, PayloadError: a payload that does not exist.
    """
    known = {payload.name: payload for payload in info.payloads}
    if wanted:
        return tuple(known.get(spec) or parse_payload(spec, seed=info.seed).info() for spec in wanted)
    if FLAMEGRAPH_PAYLOAD in known:
        return (known[FLAMEGRAPH_PAYLOAD],)
    return (max(info.payloads, key=lambda payload: payload.raw_bytes),)


def chosen_codecs(info: RunInfo, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the codecs to profile: those named, else the run's own that can be used here.

    Raises:
        UnknownNameError: a codec that does not exist.
        CodecUnavailableError: one that was named and cannot be used here.
    """
    missing = registry.unavailable()
    for name in wanted:
        if name not in registry.names():
            raise UnknownNameError("codec", name, registry.names())
        if name in missing:
            raise CodecUnavailableError(missing[name])
    return tuple(wanted) or registry.usable(info.codecs)


def _is_ours(info: RunInfo, machine: str) -> bool:
    return info.machine.name == machine and bool(info.payloads)
