"""CPU profiles of a run's cases, each kept as it is done."""

from __future__ import annotations

from importlib.metadata import version

from serlab.errors import MeasureError, needs
from serlab.lab.progress import ProgressShow
from serlab.measure.cases import time_cases
from serlab.measure.cpu.profile import profile
from serlab.records.profiles import CpuReport
from serlab.records.run import PayloadInfo
from serlab.records.store import RunFolder, now
from serlab.report.origin import origin
from serlab.report.tables.console import print_json, wide_console
from serlab.report.tables.profiles import cpu_table

#: The part of a run that is written (``cpu.json``), and the folder of scalene's own files.
PART = "cpu"


def profile_cases(
    folder: RunFolder, payloads: tuple[PayloadInfo, ...], codecs: tuple[str, ...], duration: float, show: ProgressShow
) -> CpuReport:
    """Profile every case and keep each as it is done; a case that fails is named and does not end the command.

    Raises:
        MissingExtraError: scalene is not installed.
    """
    needs("scalene")
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
            profiles[case] = profile(case, raw_bytes[case.payload], seed, folder.path / PART, seconds=duration)
        except MeasureError as error:
            missing.append(f"{case.id}: {error}")
            show.remark(f"{case.id}: {error}")
        report = CpuReport(report.started, report.scalene, tuple(profiles.values()), tuple(missing))
        folder.write_part(PART, report)
    return report


def show_cpu(folder: RunFolder, report: CpuReport, *, as_json: bool) -> None:
    """Print what was profiled, and where scalene's own pages lie."""
    if as_json:
        print_json(report)
        return
    console, info = wide_console(), folder.read_info()
    console.print(origin(info.instance, info))
    console.print(cpu_table(report))
    print(f"scalene's pages: {folder.path / PART}")
    print(f"in the report: serlab report {folder.name}")
