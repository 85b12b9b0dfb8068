"""CPU profiles of encode and decode, from scalene, each case in a fresh process."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import serlab
from serlab.errors import MeasureError
from serlab.measure import speedscope
from serlab.measure.cpu import scalene_launch
from serlab.measure.memory.capture import short_path
from serlab.records.profiles import SPEEDSCOPE, CpuLine, CpuProfile
from serlab.records.run import Case
from serlab.records.scratch import Scratch
from serlab.records.store import file_stem

#: How long a case runs under the profiler: 300 samples at scalene's default rate.
DEFAULT_SECONDS = 3.0
#: Importing TensorFlow under scalene's allocator takes some ten seconds on a busy machine.
START_TIMEOUT_S = 120.0
#: Now and then scalene ends with no sample at all ("did not run for long enough"), and the next try has them.
ATTEMPTS = 3
#: How many lines a record names.
TOP_LINES = 5

_SCRIPT = Path(__file__).with_name("script.py")
#: Time in these is scalene's own: its sample queues' threads, its switching on and off, and the loop around the calls.
_OWN_FILES = ("/scalene/", "/threading.py", "/signal.py", "/queue.py", "/tokenize.py", "/linecache.py", "/dis.py",
              "/measure/cpu/script.py")  # fmt: skip
#: scalene writes lines of code for a page: these stand for <, > and &.
_ESCAPES = {"\\u003c": "<", "\\u003e": ">", "\\u0026": "&"}


def profile(case: Case, raw_bytes: int, seed: int, folder: Path, *, seconds: float = DEFAULT_SECONDS) -> CpuProfile:
    """Profile ``case`` for ``seconds``; scalene's JSON and page, and a speedscope file, are written into ``folder``.

    The paths in the record are relative to ``folder``'s parent, the run.

    Raises:
        MeasureError: scalene is not installed or fails, or the case does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / (file_stem(case.id) + ".json")
    with Scratch("cpu") as scratch:
        for attempt in range(ATTEMPTS):
            try:
                calls = _sample(case, seed, target, scratch, seconds)
                break
            except MeasureError:
                if attempt == ATTEMPTS - 1:
                    raise
        _scalene(["view", "--standalone", str(target)], scratch, timeout_s=START_TIMEOUT_S)
        shutil.move(Path(scratch, "scalene-profile.html"), target.with_suffix(".html"))
    found = read_profile(case, raw_bytes, calls, target)
    target.with_suffix(SPEEDSCOPE).write_text(speedscope.cpu_document(found), encoding="utf-8")
    return found


def _sample(case: Case, seed: int, target: Path, scratch: str, seconds: float) -> int:
    """Run the case under scalene, which writes ``target``, and return the number of calls."""
    counted = Path(scratch, "calls")
    target.unlink(missing_ok=True)
    # Without --no-stacks scalene 2.4's stack sampler takes over the signal that tells of copies (SIGPROF), and every
    # copy volume reads 0.
    options = ["--off", "--no-stacks", "--profile-all", "--cpu-percent-threshold", "0", "--malloc-threshold", "0"]
    arguments = [json.dumps(asdict(case)), str(seed), str(seconds), str(counted)]
    _scalene(
        ["run", *options, "-o", str(target), str(_SCRIPT), "---", *arguments],
        scratch,
        timeout_s=START_TIMEOUT_S + 3 * seconds,
    )
    if not target.exists() or not counted.exists():
        raise MeasureError(f"scalene wrote no profile of {case.id}")
    return int(counted.read_text())


def read_profile(case: Case, raw_bytes: int, calls: int, path: Path) -> CpuProfile:
    """Return what a JSON profile of scalene says of a case; sums and lines are scalene's own figures.

    Raises:
        MeasureError: the file is not such a profile.
    """
    try:
        found = json.loads(path.read_text())
        lines = list(_lines(found))
        elapsed_s = float(found["elapsed_time_sec"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MeasureError(f"{path} is not a profile of scalene: {error}") from error
    kept = [line for file, line in lines if not _is_own(file)]
    page = path.with_suffix(".html")
    return CpuProfile(
        case,
        raw_bytes,
        calls,
        elapsed_s,
        python_percent=sum(line.python_percent for line in kept),
        native_percent=sum(line.native_percent for line in kept),
        system_percent=sum(line.system_percent for line in kept),
        own_percent=sum(_percent(line) for file, line in lines if _is_own(file)),
        copy_mb_s=sum(line.copy_mb_s for line in kept),
        profile=f"{path.parent.name}/{path.name}",
        page=f"{path.parent.name}/{page.name}" if page.exists() else "",
        top=tuple(sorted((line for line in kept if _percent(line)), key=_percent, reverse=True)[:TOP_LINES]),
    )


def _lines(found: dict[str, Any]) -> Iterator[tuple[str, CpuLine]]:
    for file, contents in found["files"].items():
        for line in contents["lines"]:
            yield (
                file,
                CpuLine(
                    short_path(file),
                    int(line["lineno"]),
                    _code(line["line"]),
                    float(line["n_cpu_percent_python"]),
                    float(line["n_cpu_percent_c"]),
                    float(line["n_sys_percent"]),
                    float(line["n_copy_mb_s"]),
                ),
            )


def _percent(line: CpuLine) -> float:
    return line.python_percent + line.native_percent + line.system_percent


def _is_own(file: str) -> bool:
    return any(part in file.replace(os.sep, "/") for part in _OWN_FILES)


def _code(text: str) -> str:
    for escape, character in _ESCAPES.items():
        text = text.replace(escape, character)
    return text.strip()


def _scalene(arguments: list[str], folder: str, *, timeout_s: float) -> None:
    root = str(Path(serlab.__file__).resolve().parents[1])
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", "")))),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TMPDIR": folder,  # scalene 2.4 leaves its own temporary folder behind
    }
    _sweep()
    command = [sys.executable, "-m", scalene_launch.__name__, *arguments]
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MeasureError(f"scalene did not end within {timeout_s:.0f} s") from error
    if done.returncode != 0:
        said = [line for line in (done.stderr or done.stdout).strip().splitlines() if line.strip()]
        raise MeasureError(f"scalene failed (exit {done.returncode}): {said[-1] if said else 'no reason given'}")


def _sweep() -> None:
    """Remove what scalenes that are gone have left: 256 MB each where one was killed."""
    for path in Path("/tmp").glob("scalene-m*-*[0-9]"):  # noqa: S108 - the name is scalene's own
        with contextlib.suppress(OSError, ValueError):
            pid = int("".join(filter(str.isdigit, path.name)))
            if path.lstat().st_uid == os.getuid() and not Path(f"/proc/{pid}").exists():
                path.unlink()
