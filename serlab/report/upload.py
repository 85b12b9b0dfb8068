"""The client's memory while it uploads, on the terminal."""

from __future__ import annotations

from rich.console import Console

from serlab.record import RunInfo
from serlab.record_upload import UploadReport
from serlab.report import units
from serlab.report.origin import plain_table, print_origin


def print_upload(report: UploadReport, info: RunInfo, console: Console) -> None:
    """Print a row per payload and codec, and what failed."""
    print_origin(report.instance, info, console)
    columns = ("upload", "sent", "raw", "body", "peak", "peak ÷ raw", "allocations", "capture")
    table = plain_table("memory of the client from encoding to the last byte sent (memray)", columns, left=2)
    for upload in report.profiles:
        profile = upload.profile
        table.add_row(
            f"{profile.case.payload} {profile.case.codec}",
            "in chunks, while it is made" if upload.chunked else "whole",
            units.size(profile.raw_bytes),
            units.size(upload.body_bytes),
            units.size(profile.peak_bytes),
            units.ratio(profile.peak_bytes / profile.raw_bytes),
            f"{profile.allocations:,}",
            profile.capture,
        )
    console.print(table)
    for name, reason in report.failures.items():
        console.print(f"{name} failed: {reason}")
