"""``requests``: a ``Session``, as its documentation advises for several calls to one host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from serlab.connection.tls import tls_context
from serlab.transports.http_client import HttpClientTransport

if TYPE_CHECKING:
    import requests


class RequestsTransport(HttpClientTransport):
    """Sends with ``requests``."""

    name = "requests"
    library = "requests"

    def _open(self) -> None:
        import requests

        self._session = requests.Session()
        self._session.trust_env = False
        if self._tls:
            self._session.mount("https://", _adapter(tls_context(self._options)))

    def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        answer = self._session.post(self.url, data=body, headers=headers, timeout=self._options.timeout_s)
        return answer.status_code, answer.content

    def _errors(self) -> tuple[type[Exception], ...]:
        import requests

        return (requests.RequestException,)

    def close(self) -> None:
        """Close the session."""
        self._session.close()


def _adapter(context: Any) -> requests.adapters.BaseAdapter:
    from requests.adapters import HTTPAdapter

    class WithContext(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs, ssl_context=context)

        def cert_verify(self, *args: Any, **kwargs: Any) -> None:
            """Leave trust to the context."""

    return WithContext()
