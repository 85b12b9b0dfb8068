"""What is fuzzed: each function takes any bytes, and raises nothing but what is a fault of serlab's."""

from __future__ import annotations

import contextlib
import functools
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serlab.errors import SerlabError
from serlab.records.scratch import Scratch


def results(data: bytes) -> None:
    """Read a file of a run: the first byte chooses which, and in what way."""
    from serlab.analysis.summary import summarize
    from serlab.records.run_data import RunData
    from serlab.records.store import RunFolder

    # The other files are there once, so that what is read gets as far as the analysis.
    names = ("run.json", "memory.jsonl", "endtoend.jsonl", "time/encode.jsonl", "time/decode.json", "memory.json")
    folder = _sample_run()
    path = folder / names[data[0] % len(names) if data else 0]
    before = path.read_bytes() if path.exists() else None
    path.write_bytes(data[1:])
    try:
        run = RunFolder(folder)
        with contextlib.suppress(SerlabError):
            summarize(RunData(run.read_info(), run.read_runs(), run.read_memory(), run.read_endtoend()))
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)


def parts(data: bytes) -> None:
    """Read a further part of a run and make its section of the report; the first byte chooses which."""
    from serlab.records.run_data import RunData
    from serlab.records.store import RunFolder
    from serlab.report.sections import registry
    from serlab.report.source import Source

    kinds = sorted(registry.parts().items())
    name, kind = kinds[data[0] % len(kinds) if data else 0]
    folder = _sample_run()
    (folder / f"{name}.json").write_bytes(data[1:])
    run = RunFolder(folder)
    with contextlib.suppress(SerlabError):
        found = run.read_part(name, kind, None)
        source = Source(RunData(run.read_info()), folder, {name: found} if found else {})
        for section in registry.SECTIONS:
            if name in getattr(section, "PARTS", {}):
                section.build(source)


def laws(data: bytes) -> None:
    """Read a law's file, carry it to another machine and predict by it, and print it."""
    from serlab.analysis.laws.scale import carry
    from serlab.records.law import LawMachine
    from serlab.records.law_files import find_law
    from serlab.report.tables.predictions import print_law

    path = _scratch() / "laws" / "law.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    with contextlib.suppress(SerlabError):
        law = find_law("law", _scratch())
        print_law(law, _console())
        carried = carry(law, LawMachine("another", 2), law.yardsticks)
        for route in carried.law.routes:
            route.exchange_s(1000, 10**7)


def baseline(data: bytes) -> None:
    """Compare a run with a mutated one, and read both as a history; the first byte chooses the file."""
    from serlab.lab.compare import compare_stored
    from serlab.lab.history import read_history
    from serlab.report.tables.compare import markdown, print_comparison

    run = _sample_run()
    other = run.parent / "other"
    if not other.exists():
        shutil.copytree(run, other)
    names = ("run.json", "memory.json", "time/encode.json", "time/decode.json")
    path = other / names[data[0] % len(names) if data else 0]
    before = path.read_bytes()
    path.write_bytes(data[1:])
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            with contextlib.suppress(SerlabError):
                found = compare_stored(str(run), str(other), run.parent.parent)
                print_comparison(found, (), _console())
                markdown(found, ())
            with contextlib.suppress(SerlabError):
                read_history(run.parent.parent)
    finally:
        path.write_bytes(before)


def golden(data: bytes) -> None:
    """Check golden bodies by a manifest of somebody's; what it names lies in the project's own folder of them."""
    from serlab.lab.golden import differences, read_golden

    folder = _golden_folder()
    (folder / "manifest.json").write_bytes(data)
    with contextlib.suppress(SerlabError):
        differences(folder, read_golden(folder))


def arrays(data: bytes) -> None:
    """Read a payload's file; the first byte chooses its kind."""
    from serlab.payload.files import load

    suffixes = (".npy", ".npz", ".json", ".bin", ".jpg")
    path = _scratch() / f"payload{suffixes[data[0] % len(suffixes) if data else 0]}"
    path.write_bytes(data[1:])
    with contextlib.suppress(SerlabError):
        load(path)


def wire(data: bytes) -> None:
    """Read a PredictRequest and a PredictResponse, by all rules, and look into them as ``inspect`` does."""
    from serlab.wire import Rules, decode_predict, decode_request

    for rules in Rules:
        with contextlib.suppress(SerlabError):
            decode_request(data, rules=rules)
        with contextlib.suppress(SerlabError):
            decode_predict(data, rules=rules)


def rest(data: bytes) -> None:
    """Read a REST body as the embedded server does, for a signature of one input and one of two."""
    from serlab.embedded.rest.predict_request import read_predict

    for infos in ({"x": 1}, {"x": 9, "s": 7}):
        with contextlib.suppress(SerlabError):
            read_predict(data, functools.partial(_infos, infos))


def predict(data: bytes) -> None:
    """Read a gRPC Predict message as the embedded server does."""
    from serlab.embedded.rpc.tensor_proto import read_request, read_tensor

    with contextlib.suppress(SerlabError):
        request = read_request(data)
        for alias, fields in request.tensors.items():
            read_tensor(alias, fields, data)


def command_line(data: bytes) -> None:
    """Parse a command and what its options say, and start nothing; words are parted by zero bytes."""
    from serlab.cli.options.common import seconds, split
    from serlab.embedded.flags import parse_flags
    from serlab.lab.bench import make_plan
    from serlab.payload import parse_payload, split_specs

    words = [word.decode(errors="replace") for word in data.split(b"\0")]
    commands = _commands()
    command = commands[sorted(commands)[len(words[0]) % len(commands)]]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            command.make_context("serlab", words[1:])
    except Exception as error:
        # typer brings a click of its own: its errors, and its way to end after --help, are known by name.
        if not {"ClickException", "Exit"} & {kind.__name__ for kind in type(error).__mro__}:
            raise
    for read in (
        lambda: parse_flags(words),
        lambda: seconds(words[-1]),
        lambda: split(words),
        lambda: split_specs(words),
        lambda: make_plan("smoke", tuple(word for word in words if "@" not in word), ("raw",), flamegraphs=words[-1]),
        lambda: None if "@" in words[-1] else parse_payload(words[-1]),
    ):
        with contextlib.suppress(SerlabError):
            read()


def _infos(infos: dict[str, int], _signature: str) -> dict[str, int]:
    return infos


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (results, parts, laws, baseline, golden, arrays, wire, rest, predict, command_line)
}


@functools.cache
def _commands() -> dict[str, Any]:
    import typer

    from serlab.__main__ import build_app

    commands: dict[str, Any] = typer.main.get_command(build_app()).commands  # type: ignore[attr-defined]
    return commands


def _console() -> Any:
    from rich.console import Console

    return Console(file=io.StringIO(), width=200, markup=False)


@functools.cache
def _golden_folder() -> Path:
    return Path(shutil.copytree(_DATA / "golden", _scratch() / "golden"))


@functools.cache
def _scratch() -> Path:
    _kept.append(Scratch("fuzz"))
    return _kept[0].path


_DATA = Path(__file__).parents[1] / "tests" / "data"
#: Removed as the process ends, or by the next one.
_kept: list[Scratch] = []


@functools.cache
def _sample_run() -> Path:
    """A small run of every usual part, as version 1 wrote it."""
    return Path(shutil.copytree(_DATA / "run-schema-1", _scratch() / "machine" / "run"))
