from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Call
from serlab.errors import TransportError
from serlab.measure.memory import resident as endtoend_memory
from serlab.measure.memory.rss_sampler import sample
from serlab.records.profiles import MemoryTrack
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions
from serlab.transports.loopback import LoopbackTransport


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Calls that are answered in this process; the list takes how many calls are answered before they fail."""
    limit: list[int] = []

    class Limited(LoopbackTransport):
        sent = 0

        def send(self, body: bytes) -> bytes:
            self.sent += 1
            if limit and self.sent > limit[0]:
                raise TransportError("connection reset")
            return super().send(body)

    @contextmanager
    def fake(kind: str, endpoint: Endpoint, call: Call, options: TransportOptions) -> Iterator[LoopbackTransport]:
        yield Limited(registry.get("orjson"), call, None)

    monkeypatch.setattr(endtoend_memory, "open_transport", fake)
    return limit


def track(pid: int | None, seconds: float = 0.3) -> MemoryTrack:
    endpoint = Endpoint("remote", "1", "", "127.0.0.1:1", pid)
    return endtoend_memory.track(
        endpoint, TransportOptions(), payload_spec="image", codec_name="orjson", seed=1, seconds=seconds
    )


def test_client_and_server_are_sampled_while_calls_run(loopback: list[int]) -> None:
    found = track(os.getpid())
    assert found.calls >= 2
    assert not found.error
    assert len(found.at_s) == len(found.client_bytes) == len(found.server_bytes) > 5
    assert list(found.at_s) == sorted(found.at_s)
    assert found.at_s[-1] >= 0.25
    # The test is client and server at once, so both sides show one process.
    pairs = zip(found.client_bytes, found.server_bytes, strict=True)
    assert all(server == pytest.approx(client, rel=0.05) for client, server in pairs)


def test_the_peak_is_the_kernels_and_covers_every_sample(loopback: list[int]) -> None:
    found = track(os.getpid())
    assert found.client_peak_bytes >= 0.95 * max(found.client_bytes)
    assert found.client_peak_bytes >= found.client_before_bytes > 0


def test_a_server_out_of_sight_has_no_figures(loopback: list[int]) -> None:
    found = track(None)
    assert set(found.server_bytes) == {None}
    assert (found.server_before_bytes, found.server_peak_bytes) == (None, None)


def test_a_call_that_fails_ends_the_track_and_keeps_what_was_seen(loopback: list[int]) -> None:
    loopback.append(3)
    found = track(os.getpid(), seconds=5.0)
    assert (found.calls, found.error) == (3, "connection reset")
    assert found.client_bytes


def test_no_sampler_outlives_its_track(loopback: list[int]) -> None:
    others = set(psutil.Process().children())
    track(None)
    assert set(psutil.Process().children()) <= others


def test_a_sample_is_a_time_and_two_sizes() -> None:
    me = psutil.Process()
    at, client, server = sample(me, me).split()
    assert float(at) > 0
    assert int(client) == pytest.approx(int(server), rel=0.01)
    assert sample(me, None).endswith(" 0")


def test_the_sampler_ends_with_its_input_and_with_its_client() -> None:
    command = [sys.executable, "-m", "serlab.measure.memory.rss_sampler"]
    done = subprocess.run([*command, str(os.getpid()), "0"], input=b"", capture_output=True, timeout=60, check=True)
    assert len(done.stdout.splitlines()) >= 1
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    ended = subprocess.Popen(
        [*command, str(gone.pid), "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert ended.wait(60) == 0
    assert ended.communicate() == (b"", b"")
