"""What a precision run says of itself when it is stopped midway."""

from __future__ import annotations

from pathlib import Path

import pytest

from serlab.lab.precision import examine, make_plan
from serlab.lab.progress import ProgressShow
from serlab.measure.new_run import begin_run
from serlab.measure.precision.lab import PrecisionLab
from serlab.records.store import RunFolder


@pytest.mark.parametrize("stopped", [True, False])
def test_a_run_that_is_stopped_is_not_finished_and_keeps_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    run = PrecisionLab.run

    def interrupted(self: PrecisionLab, *arguments: object) -> None:
        run(self, *arguments)  # type: ignore[arg-type]
        if stopped:
            raise KeyboardInterrupt

    monkeypatch.setattr(PrecisionLab, "run", interrupted)
    plan = make_plan(("wire",), ("float32",), samples=20, seed=1, values=None)
    folders: list[RunFolder] = []

    def begin() -> RunFolder:
        folders.append(begin_run(tmp_path, profile="precision", seed=1, payloads=(), codecs=plan.codecs))
        return folders[0]

    try:
        with ProgressShow(quiet=True) as show:
            examine(plan, None, begin, show)
    except KeyboardInterrupt:
        pass
    info = folders[0].read_info()
    assert bool(info.finished) is not stopped
    assert (folders[0].path / "precision.json").is_file()
