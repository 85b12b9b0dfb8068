"""Measures the yardsticks that carry a law from one machine to another; ``analysis.laws.scale`` says what each is."""

from __future__ import annotations

import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from serlab.records.law import Yardstick

_ELEMENTS = 224 * 224 * 3
_FEW = 10_000
#: Each yardstick is repeated in this many chunks of about this long. The first quartile counts: what else the machine
#: does only ever adds time.
CHUNKS, _CHUNK_S = 20, 0.006


def measure_yardsticks(chunks: int = CHUNKS) -> dict[str, Yardstick]:
    """Return every yardstick of this machine, now: about a second in all. To be called in a fresh process.

    Fewer ``chunks`` take less time, and tell less of how far the figures can be trusted.
    """
    import orjson
    import simdjson

    numbers = np.random.default_rng(1).random((1, _ELEMENTS), np.float32)
    raw = numbers.tobytes()
    text = orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY)
    floats = numbers[0, :_FEW].tolist()
    texts = [repr(number) for number in floats]
    parser: Any = simdjson.Parser()

    def read() -> None:
        np.frombuffer(parser.parse(text)[0].as_buffer(of_type="d"), np.float64).astype(np.float32)

    steps: dict[str, Callable[[], object]] = {
        "copy": lambda: bytes(memoryview(raw)),
        "write-numbers": lambda: orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY),
        "read-numbers": read,
        "base64": lambda: b"".join((b'{"instances":[{"b64":"', b64encode(raw), b'"}]}')),
        "parse-float": lambda: [float(text) for text in texts],
        "repr-float": lambda: [repr(number) for number in floats],
    }
    found = {name: _time(step, chunks) for name, step in steps.items()}
    with _echo() as there_and_back:
        found["loopback"] = _time(there_and_back, chunks)
    return found


def _time(step: Callable[[], object], chunks: int) -> Yardstick:
    """Return the first quartile's seconds per call; the spread is that between it and the fastest, relative to it."""
    once = min(_chunk(step, 1) for _ in range(3))
    loops = max(1, round(_CHUNK_S / once))
    found = sorted(_chunk(step, loops) for _ in range(chunks))
    quartile = float(np.quantile(found, 0.25))
    return Yardstick(quartile, 1 - found[0] / quartile)


def _chunk(step: Callable[[], object], loops: int) -> float:
    begin = time.perf_counter()
    for _ in range(loops):
        step()
    return (time.perf_counter() - begin) / loops


@contextmanager
def _echo() -> Iterator[Callable[[], object]]:
    """Yield a function that sends one byte to a thread over TCP on loopback and waits for it to come back."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as there:
                there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while data := there.recv(1):
                    there.sendall(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with socket.create_connection(listening.getsockname()) as here:
            here.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def there_and_back() -> bytes:
                here.sendall(b"x")
                return here.recv(1)

            yield there_and_back
        thread.join(timeout=5)
