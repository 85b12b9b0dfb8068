"""HTTP for the REST API: aiohttp reads requests, a pool of threads answers them."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp import web

from serlab.errors import ServingError
from serlab.serving.embedded.rest_api import Answer, RestApi


class RestServer:
    """An HTTP server in a thread of its own, with an event loop that only moves bytes."""

    def __init__(self, api: RestApi, host: str, port: int, *, threads: int) -> None:
        self._api = api
        self._address = host, port
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="rest")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="rest-loop", daemon=True)
        self.port = port

    def start(self) -> int:
        """Bind, begin to answer, and return the port.

        Raises:
            ServingError: the port cannot be bound.
        """
        self._thread.start()
        try:
            self.port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        except OSError as error:
            self.stop(0)
            raise ServingError(f"cannot listen for REST on {self._address[0]}:{self._address[1]}: {error}") from error
        return self.port

    async def _start(self) -> int:
        self._server = web.Server(self._handle, access_log=None, auto_decompress=False)
        self._runner = web.ServerRunner(self._server, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, *self._address, backlog=1024)
        await site.start()
        return int(self._runner.addresses[0][1])

    def stop(self, grace_s: float) -> None:
        """Stop listening, let requests in flight finish for ``grace_s`` seconds, then close."""
        if hasattr(self, "_runner"):
            asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)
        self._loop.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read()
        loop = asyncio.get_running_loop()
        answer: Answer = await loop.run_in_executor(
            self._pool, self._api.answer, request.method, request.rel_url.raw_path_qs, body
        )
        headers: dict[str, Any] = dict(answer.headers)
        return web.Response(status=answer.status, body=answer.body, headers=headers)
