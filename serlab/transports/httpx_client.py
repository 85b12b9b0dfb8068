"""``httpx``: a synchronous ``Client``, HTTP/1.1."""

from __future__ import annotations

from serlab.connection.tls import tls_context
from serlab.transports.http_client import HttpClientTransport


class HttpxTransport(HttpClientTransport):
    """Sends with ``httpx``."""

    name = "httpx"
    library = "httpx"

    def _open(self) -> None:
        import httpx

        verify = tls_context(self._options) if self._tls else True
        self._client = httpx.Client(trust_env=False, verify=verify, timeout=self._options.timeout_s)

    def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        answer = self._client.post(self.url, content=body, headers=headers)
        return answer.status_code, answer.content

    def _errors(self) -> tuple[type[Exception], ...]:
        import httpx

        return (httpx.HTTPError,)

    def close(self) -> None:
        """Close the client."""
        self._client.close()
