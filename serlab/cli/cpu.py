"""``serlab cpu``: whose CPU time encode and decode take, and how often they copy each byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from serlab.cli.options import (
    CodecOption,
    JsonOption,
    PayloadOption,
    QuietOption,
    ResultsOption,
    RunArgument,
    split,
)
from serlab.store import DEFAULT_ROOT

if TYPE_CHECKING:
    from serlab.cli.progress import ProgressShow
    from serlab.record import PayloadInfo
    from serlab.record_profiles import CpuReport
    from serlab.store import RunFolder

EXIT_FOUND = 1
#: The part of a run that this command writes (``cpu.json``), and the folder of scalene's own files.
PART = "cpu"


def cpu(
    run: RunArgument = None,
    payload: PayloadOption = None,
    codec: CodecOption = None,
    duration: Annotated[float, typer.Option("--seconds", min=1.0, help="How long each case runs.")] = 3.0,
    results: ResultsOption = DEFAULT_ROOT,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Profile encode and decode of each codec with scalene, each case in a fresh process, and add it to a run.

    Keeps scalene's JSON and its standalone page per case in the run's folder cpu. Without RUN: the newest run of this
    machine; without --payload: its image. Exit code 1 means that a case could not be profiled.

    Example: serlab cpu --payload image --codec json,orjson
    """
    from serlab.cli.profiled_run import chosen_codecs, chosen_payloads, run_of_this_machine
    from serlab.cli.progress import ProgressShow

    folder = run_of_this_machine(run, results)
    info = folder.read_info()
    payloads, codecs = chosen_payloads(info, split(payload)), chosen_codecs(info, split(codec))
    with ProgressShow(quiet=quiet) as show:
        report = _profile(folder, payloads, codecs, duration, show)
    _print(folder, report, as_json=as_json)
    if report.missing:
        raise typer.Exit(EXIT_FOUND)


def _profile(
    folder: RunFolder, payloads: tuple[PayloadInfo, ...], codecs: tuple[str, ...], duration: float, show: ProgressShow
) -> CpuReport:
    """Profile every case and keep each as it is done; a case that fails is named and does not end the command."""
    from importlib.metadata import version

    from serlab.cli.new_run import now
    from serlab.errors import MeasureError
    from serlab.measure import cpu as measure
    from serlab.measure.cases import time_cases
    from serlab.record_profiles import CpuReport

    seed = folder.read_info().seed
    raw_bytes = {payload.name: payload.raw_bytes for payload in payloads}
    cases = time_cases([payload.name for payload in payloads], codecs)
    earlier = folder.read_part(PART, CpuReport, CpuReport("", "", ()))
    profiles = {profile.case: profile for profile in earlier.profiles}
    missing: list[str] = []
    report = CpuReport(now(), version("scalene"), ())
    show.phase("CPU profiles", len(cases))
    for case in cases:
        show.step(case.id)
        try:
            profiles[case] = measure.profile(case, raw_bytes[case.payload], seed, folder.path / PART, seconds=duration)
        except MeasureError as error:
            missing.append(f"{case.id}: {error}")
            show.remark(f"{case.id}: {error}")
        report = CpuReport(report.started, report.scalene, tuple(profiles.values()), tuple(missing))
        folder.write_part(PART, report)
    return report  # fmt: skip


def _print(folder: RunFolder, report: CpuReport, *, as_json: bool) -> None:
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(report), indent=2))
        return
    from serlab.cli.console import wide_console
    from serlab.record import RunData
    from serlab.report.profiles import cpu_table
    from serlab.report.terminal import origin

    console = wide_console()
    console.print(origin(RunData(folder.read_info())))
    console.print(cpu_table(report))
    typer.echo(f"scalene's pages: {folder.path / PART}")
    typer.echo(f"in the report: serlab report {folder.name}")
