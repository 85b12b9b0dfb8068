"""Memory of the end-to-end path: client and server, sampled while one fresh client makes its calls."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from serlab.codecs import registry
from serlab.codecs.base import Codec
from serlab.errors import CodecError, MeasureError, TransportError
from serlab.measure.calls import echo_call, tensors_for
from serlab.measure.endtoend import MIN_CALLS, timed_call
from serlab.measure.memory import rss_sampler
from serlab.measure.process.server_meter import ServerMeter
from serlab.payload import parse_payload
from serlab.records.profiles import MemoryTrack
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions
from serlab.transports.registry import open_transport

#: How long a client calls; a plateau shows after a few calls.
DEFAULT_SECONDS = 2.0
#: The sampler imports psutil and takes its first sample within this.
START_TIMEOUT_S = 20.0
#: An error's text in a record.
SHOWN_ERROR = 300


def track(
    endpoint: Endpoint, options: TransportOptions, *, payload_spec: str, codec_name: str, seed: int, seconds: float
) -> MemoryTrack:
    """Call the endpoint for ``seconds`` and return what client and server held meanwhile.

    A call that fails ends the track, which keeps what was sampled before it.

    Raises:
        MeasureError: the sampler does not start.
    """
    payload, codec = parse_payload(payload_spec, seed=seed), registry.get(codec_name)
    call = echo_call(codec, payload)
    tensors = tensors_for(payload, call)
    client, server = ServerMeter(os.getpid()), ServerMeter(endpoint.pid)
    samples: list[tuple[float, int, int]] = []
    calls, error, began = 0, "", time.perf_counter()
    client_before, server_before = client.rss_bytes(), server.rss_bytes()
    client.reset_peak()
    server.reset_peak()
    try:
        with _sampling(endpoint.pid, samples), open_transport(codec.transport, endpoint, call, options) as transport:
            began = time.perf_counter()
            while calls < MIN_CALLS or time.perf_counter() < began + seconds:
                timed_call(transport, codec, tensors, call)
                calls += 1
    except (TransportError, CodecError) as failure:
        error = str(failure)[:SHOWN_ERROR]
    return _record(
        payload_spec,
        codec,
        [(at - began, mine, theirs) for at, mine, theirs in samples],
        (calls, error),
        (client_before, client.peak_rss_bytes()),
        (server_before, server.peak_rss_bytes()),
        seen=endpoint.pid is not None,
    )


def _record(
    payload: str,
    codec: Codec,
    samples: Sequence[tuple[float, int, int]],
    outcome: tuple[int, str],
    client: tuple[int | None, int | None],
    server: tuple[int | None, int | None],
    *,
    seen: bool,
) -> MemoryTrack:
    within = [sample for sample in samples if sample[0] >= 0]
    return MemoryTrack(
        payload,
        codec.name,
        codec.transport,
        calls=outcome[0],
        at_s=tuple(round(at, 4) for at, _, _ in within),
        client_bytes=tuple(mine for _, mine, _ in within),
        server_bytes=tuple(theirs if seen else None for _, _, theirs in within),
        client_before_bytes=client[0] or 0,
        client_peak_bytes=client[1] or 0,
        server_before_bytes=server[0],
        server_peak_bytes=server[1],
        error=outcome[1],
    )


@contextmanager
def _sampling(server_pid: int | None, into: list[tuple[float, int, int]]) -> Iterator[None]:
    """Sample this process and the server while the block runs; the samples are in ``into`` when it has ended."""
    root = str(Path(__file__).resolve().parents[3])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))}
    command = [sys.executable, "-m", rss_sampler.__name__, str(os.getpid()), str(server_pid or 0)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as sampler:  # fmt: skip
        assert sampler.stdin is not None
        assert sampler.stdout is not None
        first = sampler.stdout.readline()
        if not first:
            raise MeasureError("the memory sampler does not start")
        # A pipe holds 64 KiB, some two thousand samples: reading along keeps a long track from blocking the sampler.
        import threading

        lines = [first]
        reader = threading.Thread(target=lambda: lines.extend(sampler.stdout or ()), daemon=True)
        reader.start()
        try:
            yield
        finally:
            sampler.stdin.close()
            reader.join(START_TIMEOUT_S)
            into.extend(_parsed(line) for line in lines)


def _parsed(line: str) -> tuple[float, int, int]:
    at, client, server = line.split()
    return float(at), int(client), int(server)
