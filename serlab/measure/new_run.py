"""Opens a run's folder and writes down, before anything is measured, what is known of it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from serlab.codecs import registry
from serlab.measure.process.machine import describe_machine, git_commit, library_versions, load_average
from serlab.records.run import PayloadInfo, RunInfo
from serlab.records.store import RunFolder, create_run, now


def begin_run(
    results: Path,
    *,
    profile: str,
    seed: int,
    payloads: Sequence[PayloadInfo],
    codecs: Sequence[str],
    plan: Mapping[str, Any] | None = None,
) -> RunFolder:
    """Create a run under ``results`` and write its description: machine, versions, command, what was asked for.

    Raises:
        StoreError: the results folder cannot be written.
    """
    machine = describe_machine()
    folder = create_run(results, machine.name)
    folder.write_info(
        RunInfo(
            name=folder.name,
            machine=machine,
            started=now(),
            profile=profile,
            seed=seed,
            command=shlex.join([Path(sys.argv[0]).name.replace("__main__.py", "serlab"), *sys.argv[1:]]),
            payloads=tuple(payloads),
            codecs=tuple(codecs),
            versions=library_versions(),
            git_commit=git_commit(),
            load_before=load_average(),
            unavailable=registry.unavailable(),
            plan=plan or {},
        )
    )
    return folder
