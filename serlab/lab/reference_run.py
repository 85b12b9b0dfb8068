"""Makes a small copy of a run that can be published: no captures, no heavy pages, no names of the machine.

What figures rest on stays: timed runs, calls, profiles' numbers, verdicts. What leaves is told in the copy's warnings.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from serlab.errors import StoreError
from serlab.lab.report_files import read_source, write_report
from serlab.records.endtoend import EndToEndRun
from serlab.records.files import read_file, replace_file
from serlab.records.run import RunInfo
from serlab.records.secret import hidden_values
from serlab.records.store import RunFolder

#: How a published run's machine is called: its hardware is told, its name is nobody's business.
MACHINE = "reference"
#: A repository should not grow by more than this for one run.
MAX_BYTES = 5_000_000
#: Calls kept of each client, evenly chosen: enough for its distribution.
CALLS_KEPT = 60
#: What pyperf writes into its files about the machine beside what serlab itself records.
_PYPERF_DROPPED = frozenset({"boot_time", "hostname", "platform", "python_config_args", "python_executable", "uptime"})
_ABSOLUTE = re.compile(r"(?<![\w.:/])/(?:[\w.+-]+/)+[\w.+-]*")
_TEXT = frozenset({".json", ".jsonl", ".html"})
#: What credentials look like where a server quoted one (RFC 6750, RFC 7617).
_CREDENTIAL = re.compile(r"\b(?:Bearer|Basic) [A-Za-z0-9._~+/=-]{8,}")


def copy_run(folder: RunFolder, target: Path) -> RunFolder:
    """Write the copy of ``folder`` to ``target``, with its own report, and return it.

    Raises:
        StoreError: ``target`` holds something already, cannot be written, comes out larger than ``MAX_BYTES``, or
            would still name this machine or its folders, or hold what the run was told in confidence.
    """
    if target.exists() and any(target.iterdir()):
        raise StoreError(f"{target} is not empty: a reference run is made from scratch")
    data = folder.read()
    name = f"{MACHINE}/{folder.path.name}"
    copy = RunFolder(target)
    copy.write_info(_published(data.info, name, thinned=any(len(run.calls) > CALLS_KEPT for run in data.endtoend)))
    for op, suite in folder.read_suites().items():
        replace_file(target / "time" / f"{op}.json", msgspec.json.encode(_without_machine(msgspec.to_builtins(suite))))
    if data.memory:
        copy.add_memory(*(replace(profile, capture="", flamegraph="") for profile in data.memory))
    if data.endtoend:
        copy.add_endtoend(*(_thin(run) for run in data.endtoend))
    written = {path.stem for path in target.glob("*.json*")}
    for part in sorted(folder.path.glob("*.json")):
        if part.stem not in written:
            replace_file(target / part.name, read_file(folder.inside(part.name)))
    source = read_source(copy)
    if (target / "correlation.json").exists():
        copy.write_part("correlation", source.correlations)  # of the calls that are here
    write_report(copy, source)
    _check(target, data.info.machine.name, _told_in_confidence(folder))
    return copy


def _told_in_confidence(folder: RunFolder) -> list[str]:
    """Return the credentials in the command line as it was recorded: an older version kept them."""
    recorded = json.loads(read_file(folder.inside("run.json"))).get("data", {}).get("command", "")
    return hidden_values(str(recorded))


def _published(info: RunInfo, name: str, *, thinned: bool) -> RunInfo:
    kernel = re.match(r"[\d.]*\d", info.machine.kernel)
    machine = replace(info.machine, name=MACHINE, kernel=kernel.group() if kernel else "unknown")
    said = (f"Of each client's calls, {CALLS_KEPT} evenly chosen ones are kept here.",) if thinned else ()
    return replace(
        info, name=name, machine=machine, command=_command(info.command), warnings=(*info.warnings, *said)
    )  # fmt: skip


def _command(command: str) -> str:
    """Return the command without where its results went."""
    words, kept = iter(shlex.split(command)), []
    for word in words:
        if word == "--results":
            next(words, None)
        elif not word.startswith("--results="):
            kept.append(word)
    return shlex.join(kept)


def _thin(run: EndToEndRun) -> EndToEndRun:
    """Keep evenly chosen calls, and as much of the CPU time as they are of all calls."""
    count = len(run.calls)
    if count <= CALLS_KEPT:
        return run
    kept = [run.calls[round(index * (count - 1) / (CALLS_KEPT - 1))] for index in range(CALLS_KEPT)]
    part = CALLS_KEPT / count
    server = None if run.server_cpu_s is None else run.server_cpu_s * part
    return replace(run, calls=tuple(kept), client_cpu_s=run.client_cpu_s * part, server_cpu_s=server)


def _without_machine(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_machine(item) for key, item in value.items() if key not in _PYPERF_DROPPED}
    if isinstance(value, list):
        return [_without_machine(item) for item in value]
    return value


def _check(folder: Path, machine: str, secrets: Sequence[str]) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in files)
    if size > MAX_BYTES:
        raise StoreError(f"{folder} is {size:,} B, more than {MAX_BYTES:,}: publish a run of fewer payloads or rounds")
    for path in files:
        if path.suffix in _TEXT:
            text = path.read_text(encoding="utf-8")
            if any(secret in text for secret in secrets) or _CREDENTIAL.search(text):
                raise StoreError(f"{path} holds a credential that the run was given; it is not to be published")
            found = _telling(text, machine)
            if found:
                raise StoreError(f"{path} still names this machine: {', '.join(found[:3])}; it is not to be published")


def _telling(text: str, machine: str) -> Sequence[str]:
    """Return what in a text names the machine: its name as a word of its own, or a path from the root."""
    names = re.findall(rf"(?<![\w.-]){re.escape(machine)}(?![\w.-])", text) if machine != MACHINE else []
    paths = [path for path in _ABSOLUTE.findall(text) if not path.startswith(("/v1/", "/www.w3.org/", "/2000/"))]
    return list(dict.fromkeys([*names, *paths]))
