"""What the HTTP libraries that people use have in common, as transports: one file each for the library's own call."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from serlab.connection import TransportOptions
from serlab.connection.headers import http_headers
from serlab.errors import TransportError, UsageError, needs
from serlab.records.call import Call
from serlab.records.run import Endpoint
from serlab.transports.base import NetworkTransport
from serlab.transports.rest import error_text, predict_path


class HttpClientTransport(NetworkTransport):
    """Posts bodies to one model's predict method with a library's session: one connection that is kept alive.

    Environment proxies are not used, as in ``RestTransport``.

    Raises:
        MissingExtraError: the library is not installed.
        UsageError: the endpoint has no REST API.
    """

    #: The library's module.
    library: ClassVar[str]

    def __init__(self, endpoint: Endpoint, call: Call, options: TransportOptions | None = None) -> None:
        needs(self.library)
        if not endpoint.rest:
            raise UsageError(f"{endpoint.label} offers no REST API: {self.name} speaks nothing else")
        self._options = options or TransportOptions()
        self.url = f"{endpoint.base_url}{predict_path(call.model, version=call.version, label=call.label or None)}"
        own = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        self._headers = http_headers(self._options.headers, own)
        if self._options.authority:
            self._headers["Host"] = self._options.authority
        self._tls = endpoint.rest_tls
        self._open()

    @classmethod
    def connect_to(cls, endpoint: Endpoint, call: Call, options: TransportOptions) -> HttpClientTransport:
        """Return a transport to ``endpoint``."""
        return cls(endpoint, call, options)

    def send(self, body: bytes) -> bytes:
        """Return the body of a 200 answer. ``TransportError.code`` is the status of any other."""
        coding = getattr(body, "content_encoding", "")
        headers = {**self._headers, "Content-Encoding": coding} if coding else self._headers
        try:
            status, answer = self._post(body, headers)
        except self._errors() as error:
            raise TransportError(f"POST {self.url} with {self.name} failed: {type(error).__name__}: {error}") from error
        if status != 200:
            words = self._options.without_secrets(error_text(answer))
            raise TransportError(f"POST {self.url} was answered with {status}: {words}", code=str(status))
        return answer

    @abstractmethod
    def _open(self) -> None:
        """Make the library's session; nothing connects yet."""

    @abstractmethod
    def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Return status and body of the answer."""

    @abstractmethod
    def _errors(self) -> tuple[type[Exception], ...]:
        """What the library raises where no answer comes."""
