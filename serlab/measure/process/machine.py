"""Where a run is measured: machine, versions, commit, load."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from serlab.records.run import Machine

#: Libraries whose version can change a figure.
LIBRARIES = ("serlab", "numpy", "protobuf", "grpcio", "orjson", "pysimdjson", "pybase64", "ml_dtypes", "tensorflow",
             "tensorflow-serving-api", "pyperf", "memray", "scalene", "scipy")  # fmt: skip


def describe_machine() -> Machine:
    """Return this machine's description; what cannot be found out is "unknown"."""
    return Machine(
        name=re.sub(r"[^A-Za-z0-9._-]+", "-", platform.node()).strip("-.") or "unknown",
        cpu_model=_cpu_model(),
        cores=psutil.cpu_count() or 0,
        memory_bytes=psutil.virtual_memory().total,
        governor=_first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        kernel=platform.release(),
        os=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
    )


def library_versions(names: Iterable[str] = LIBRARIES) -> dict[str, str]:
    """Return the installed versions; what is not installed is left out."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def load_average() -> tuple[float, ...]:
    """Return the load over 1, 5 and 15 minutes, rounded to hundredths."""
    return tuple(round(value, 2) for value in os.getloadavg())


def git_commit(folder: Path | None = None) -> str:
    """Return the commit of serlab's own checkout, with "+" if files were changed; "" when it is installed elsewhere."""
    where = folder or Path(__file__).resolve().parents[3]
    try:
        if Path(_git(where, "rev-parse", "--show-toplevel")) != where:
            return ""
        commit = _git(where, "rev-parse", "--short=12", "HEAD")
        changed = _git(where, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return ""
    return commit + ("+" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text().strip() or "unknown"
    except OSError:
        return "unknown"


def cores_in_use(before: Any, after: Any, cores: int) -> float | None:
    """Return how many of ``cores`` were in use between two readings of ``psutil.cpu_times``; None without any time.

    Waiting for a disk is idling; interrupts, and what a hypervisor gave to others, are not. Linux counts a guest's time
    within user's and nice's (proc(5)), so it is left out here.
    """
    spent = {name: getattr(after, name) - getattr(before, name) for name in after._fields if "guest" not in name}
    total = sum(spent.values())
    return cores * (1.0 - (spent["idle"] + spent.get("iowait", 0.0)) / total) if total > 0 else None
