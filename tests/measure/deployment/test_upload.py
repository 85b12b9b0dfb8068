"""Memory of the client while it uploads to a live server."""

from __future__ import annotations

from pathlib import Path

from serlab.measure.deployment.upload import measure_upload
from serlab.measure.process.workers import Workers
from serlab.measure.target import Target
from serlab.records.store import RunFolder


def test_a_body_made_while_it_is_sent_takes_the_same_memory_whatever_its_size(
    light_workers: Workers, live_target: Target, tmp_path: Path
) -> None:
    folder = RunFolder(tmp_path)
    report = measure_upload(
        light_workers, live_target, folder, payloads=("64x1024:float32", "512x1024:float32"),
        codecs=("orjson", "json-chunked"), seed=1,
    )  # fmt: skip
    assert report.failures == {}
    small, small_chunked, large, large_chunked = report.profiles
    assert (large.chunked, large_chunked.chunked) == (False, True)
    assert large.body_bytes == large_chunked.body_bytes > 4_000_000
    assert large.profile.peak_bytes >= large.body_bytes
    assert large.profile.peak_bytes > 4 * small.profile.peak_bytes
    # Eight times the body, the same peak; a few bytes per piece are this test's own count of them.
    assert large_chunked.profile.peak_bytes < 1.2 * small_chunked.profile.peak_bytes + 32 * 1024
    assert large_chunked.profile.peak_bytes < large.body_bytes / 5
    assert (tmp_path / large.profile.capture).exists()


def test_what_cannot_be_uploaded_is_named_and_the_rest_goes_on(
    light_workers: Workers, live_target: Target, tmp_path: Path
) -> None:
    report = measure_upload(
        light_workers,
        live_target,
        RunFolder(tmp_path),
        payloads=("2x3:float32",),
        codecs=("wire", "orjson-gzip"),
        seed=1,
    )
    assert list(report.failures) == ["2x3:float32/wire"]
    assert "not sent over REST" in report.failures["2x3:float32/wire"]
    assert [profile.profile.case.codec for profile in report.profiles] == ["orjson-gzip"]
