"""``aiohttp``: a ``ClientSession`` on an event loop of its own, which every call starts and stops."""

from __future__ import annotations

import asyncio

from serlab.connection.tls import tls_context
from serlab.transports.http_client import HttpClientTransport


class AiohttpTransport(HttpClientTransport):
    """Sends with ``aiohttp``."""

    name = "aiohttp"
    library = "aiohttp"

    def _open(self) -> None:
        import aiohttp

        self._loop = asyncio.new_event_loop()
        context = tls_context(self._options) if self._tls else True
        timeout = aiohttp.ClientTimeout(total=self._options.timeout_s)

        async def session() -> aiohttp.ClientSession:
            return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context), timeout=timeout, trust_env=False)

        self._session = self._loop.run_until_complete(session())

    def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        async def post() -> tuple[int, bytes]:
            async with self._session.post(self.url, data=body, headers=headers) as answer:
                return answer.status, await answer.read()

        return self._loop.run_until_complete(post())

    def _errors(self) -> tuple[type[Exception], ...]:
        import aiohttp

        return (aiohttp.ClientError, TimeoutError, asyncio.TimeoutError)

    def close(self) -> None:
        """Close the session and its loop."""
        if not self._loop.is_closed():
            self._loop.run_until_complete(self._session.close())
            self._loop.close()
