"""A run of claims says what it lacks wherever a run says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from serlab.lab import claims
from serlab.lab.claims import put_claims
from serlab.lab.keeping import Keeping
from serlab.measure.new_run import begin_run
from serlab.records.claims import ClaimsReport


def test_an_experiment_whose_server_went_away_is_missing_from_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = begin_run(tmp_path, profile="claims", seed=1, payloads=(), codecs=())
    report = ClaimsReport("2026-01-01", (), {}, quick=True, missing=("vectors: nothing listens there",))
    monkeypatch.setattr(claims, "examine", lambda *_, **__: (folder, report, {}))
    put_claims((), None, Keeping(tmp_path, None, 1, quiet=True), quick=True)
    assert folder.read_info().missing == report.missing
