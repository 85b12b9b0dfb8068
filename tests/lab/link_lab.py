"""A link made for a test: two network namespaces joined by a veth pair, a token bucket each way, and a delaying relay.

Run in a network namespace of its own (``unshare -n``), it starts the far end in another and prints, as JSON, how long
calls took over each link. The far end answers every request of a codec with the body that its server would write; what
that costs is measured first, over the bare pair.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence

from serlab.measure.calls import Subject
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions
from serlab.transports.registry import open_transport

HERE, THERE = "10.199.0.1", "10.199.0.2"
#: One port per codec, answering at once; the relay's port is this much higher.
FIRST_PORT, RELAY = 9000, 100
CALLS = 5


def main(payload: str, codecs: Sequence[str], links: Sequence[tuple[float, float]]) -> None:
    """Print ``{"bare": {codec: [seconds, request, response]}, "links": [{codec: seconds}, …]}``."""
    far = subprocess.Popen(
        ["unshare", "-n", sys.executable, __file__, "far", payload, *codecs],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert far.stdout is not None
        assert far.stdin is not None
        assert far.stdout.readline() == "up?\n"
        run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far")
        run("ip", "link", "set", "far", "netns", str(far.pid))
        run("ip", "addr", "add", f"{HERE}/30", "dev", "near")
        run("ip", "link", "set", "near", "up")
        far.stdin.write("go\n")
        far.stdin.flush()
        assert far.stdout.readline() == "ready\n"
        bare = {codec: calls(payload, codec, FIRST_PORT + i) for i, codec in enumerate(codecs)}
        over = []
        for bits, round_trip in links:
            far.stdin.write(f"{bits} {round_trip}\n")
            far.stdin.flush()
            shape("near", bits)
            assert far.stdout.readline() == "shaped\n"
            over.append({codec: calls(payload, codec, FIRST_PORT + RELAY + i)[0] for i, codec in enumerate(codecs)})
        print(json.dumps({"bare": bare, "links": over}))
    finally:
        far.kill()
        far.wait()


def calls(payload: str, name: str, port: int) -> tuple[float, int, int]:
    """Return the seconds of the fastest whole call through a codec, and the sizes of both bodies."""
    exchange = Subject(payload, 1).exchange(name)
    endpoint = Endpoint("remote", "1", "", f"{THERE}:{port}")
    took: list[float] = []
    sizes = (0, 0)
    with open_transport("rest", endpoint, exchange.call, TransportOptions(timeout_s=60)) as transport:
        transport.send(exchange.codec.encode(exchange.tensors, exchange.call))
        while len(took) < CALLS:
            begin = time.perf_counter()
            body = exchange.codec.encode(exchange.tensors, exchange.call)
            answer = transport.send(body)
            exchange.codec.decode(answer, exchange.call)
            took.append(time.perf_counter() - begin)
            sizes = len(body), len(answer)
    return min(took), *sizes


def shape(device: str, bits: float) -> None:
    """Let ``bits`` per second through: a token bucket that refills 2,000 times a second."""
    burst = max(6_000, round(bits / 8 / 2_000))
    run("tc", "qdisc", "replace", "dev", device, "root", "tbf", "rate", f"{bits:.0f}bit",
        "burst", str(burst), "latency", "2s")  # fmt: skip


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


async def far_end(payload: str, codecs: Sequence[str]) -> None:
    """Be the far end: answer each codec at its port, and behind a relay whose delay is told on standard input."""
    delay = [0.0]
    for index, name in enumerate(codecs):
        answer = Subject(payload, 1).exchange(name).response()
        port = FIRST_PORT + index
        await asyncio.start_server(lambda r, w, a=answer: serve(r, w, a), "0.0.0.0", port, limit=2**26)  # type: ignore[misc]
        await asyncio.start_server(lambda r, w, p=port: relay(r, w, p, delay), "0.0.0.0", port + RELAY)  # type: ignore[misc]
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        bits, round_trip = map(float, line.split())
        delay[0] = round_trip / 2
        shape("far", bits)
        print("shaped", flush=True)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes) -> None:
    while head := await reader.readuntil(b"\r\n\r\n"):
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
        await reader.readexactly(int(fields[b"content-length"]))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer))
        writer.write(answer)
        await writer.drain()


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, delay: list[float]) -> None:
    """Pass bytes on both ways, each ``delay`` seconds after it came."""
    there, back = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(late(reader, back, delay), late(there, writer, delay))


async def late(source: asyncio.StreamReader, target: asyncio.StreamWriter, delay: list[float]) -> None:
    queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def pour() -> None:
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            target.write(data)
            await target.drain()

    pouring = asyncio.create_task(pour())
    while data := await source.read(2**16):
        queue.put_nowait((time.monotonic() + delay[0], data))
    pouring.cancel()


if __name__ == "__main__":
    if sys.argv[1] == "far":
        run("ip", "link", "set", "lo", "up")
        print("up?", flush=True)
        sys.stdin.readline()
        run("ip", "addr", "add", f"{THERE}/30", "dev", "far")
        run("ip", "link", "set", "far", "up")
        asyncio.run(far_end(sys.argv[2], sys.argv[3:]))
    else:
        main(sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3]))
