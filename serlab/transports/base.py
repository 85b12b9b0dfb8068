"""The transport contract: one method, ``send(body) -> body``. A transport is one file in this folder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, TypeVar

from serlab.connection import TransportOptions as TransportOptions  # what a transport is opened with
from serlab.records.call import Call
from serlab.records.run import Endpoint

AnyTransport = TypeVar("AnyTransport", bound="Transport")


class Transport(ABC):
    """Moves a body to a server and brings the response body back. One call at a time, over one connection.

    Nothing connects before the first ``send``. A transport is not safe for use by several threads: each client has
    its own, as each has its own connection.
    """

    #: How results name it, and what ``open_transport`` looks for.
    name: ClassVar[str]

    @abstractmethod
    def send(self, body: bytes) -> bytes:
        """Return the response body. Raises ``TransportError`` for anything but a usable answer; never retries."""

    def close(self) -> None:  # noqa: B027  a transport without a connection has nothing to close
        """Give up the connection. A later ``send`` may raise."""

    def __enter__(self: AnyTransport) -> AnyTransport:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class NetworkTransport(Transport):
    """A transport that an endpoint's addresses suffice to open."""

    @classmethod
    @abstractmethod
    def connect_to(cls, endpoint: Endpoint, call: Call, options: TransportOptions) -> NetworkTransport:
        """Return a transport to ``endpoint``. Raises ``UsageError`` where the endpoint lacks the protocol."""
