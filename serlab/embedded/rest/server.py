"""HTTP for the REST API: aiohttp reads requests, a pool of threads answers them."""

from __future__ import annotations

import asyncio
import concurrent.futures
import re
import threading

from aiohttp import web

from serlab.embedded.rest.api import Answer, Request, RestApi
from serlab.errors import ServingError

#: An idle connection, or one that does not get its headers out, is closed after this many seconds.
IDLE_S = 300.0
#: A body must arrive within this many seconds.
BODY_S = 300.0
#: Bodies above this are refused with 413. TensorFlow Serving has no limit, and no answer when its memory is used up.
MAX_BODY_BYTES = 512 << 20
#: A refused body is read on for this many seconds, so that a client that is still sending gets to see the answer.
LINGER_S = 5.0
#: How much of a body is taken up between two wake-ups of the event loop.
_READ_BYTES = 1 << 20
#: What a request line in absolute form has before the path.
_ORIGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


class RestServer:
    """An HTTP server in a thread of its own, whose event loop only moves bytes."""

    def __init__(self, api: RestApi, host: str, port: int, *, threads: int) -> None:
        self._api = api
        self._host, self._port = host, port
        self._pool = concurrent.futures.ThreadPoolExecutor(threads, thread_name_prefix="rest")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="rest-loop", daemon=True)
        self._runner: web.ServerRunner | None = None
        self._grace_s = 0.0

    def start(self, grace_s: float) -> int:
        """Bind, begin to answer, and return the port. ``stop`` will wait up to ``grace_s`` for requests in flight.

        Raises:
            ServingError: the port cannot be bound.
        """
        self._grace_s = grace_s
        self._thread.start()
        try:
            return asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        except OSError as error:
            self.stop()
            raise ServingError(f"cannot listen for REST on {self._host}:{self._port}: {error}") from error

    async def _start(self) -> int:
        server = web.Server(
            self._handle,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=IDLE_S,
            lingering_time=LINGER_S,
            read_bufsize=_READ_BYTES,
        )
        self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=self._grace_s)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port, backlog=1024).start()
        return int(self._runner.addresses[0][1])

    def stop(self) -> None:
        """Stop listening, let requests in flight finish, close everything; give up what outlives its grace."""
        finished = True
        if self._runner is not None:
            closing = asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop)
            try:
                closing.result(self._grace_s + 1)
            except concurrent.futures.TimeoutError:
                # aiohttp would wait as long again for handlers it has cancelled, but their threads cannot be.
                finished = False
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)
        if finished:
            self._loop.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        try:
            body = await asyncio.wait_for(_read_body(request), BODY_S)
        except asyncio.TimeoutError:
            return _refusal(408, f"the body did not arrive within {BODY_S:g} s")
        except _TooLargeError:
            return _refusal(413, f"the body is larger than {MAX_BODY_BYTES} bytes, this server's limit")
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer: Answer = await asyncio.get_running_loop().run_in_executor(
            self._pool,
            self._api.answer,
            Request(request.method, _ORIGIN.sub("", request.raw_path), headers, body),
        )
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


class _TooLargeError(Exception):
    pass


async def _read_body(request: web.BaseRequest) -> bytes:
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise _TooLargeError
    chunks, size = [], 0
    async for chunk in request.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise _TooLargeError
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _refusal(status: int, reason: str) -> web.Response:
    response = web.json_response({"error": reason}, status=status)
    response.force_close()
    return response
