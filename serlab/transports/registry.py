"""The transports that reach an endpoint."""

from __future__ import annotations

from serlab.connection import TransportOptions
from serlab.errors import UnknownNameError
from serlab.records.call import Call
from serlab.records.run import Endpoint
from serlab.transports.aiohttp_client import AiohttpTransport
from serlab.transports.base import NetworkTransport
from serlab.transports.grpc_channel import GrpcTransport
from serlab.transports.http_client import HttpClientTransport
from serlab.transports.httpx_client import HttpxTransport
from serlab.transports.requests_client import RequestsTransport
from serlab.transports.rest import RestTransport

#: The HTTP libraries that people use, to compare with the lab's own client.
REST_CLIENTS: dict[str, type[HttpClientTransport]] = {
    kind.name: kind for kind in (RequestsTransport, HttpxTransport, AiohttpTransport)
}
TRANSPORTS: dict[str, type[NetworkTransport]] = {
    **{kind.name: kind for kind in (GrpcTransport, RestTransport)},
    **REST_CLIENTS,
}


def open_transport(
    kind: str, endpoint: Endpoint, call: Call, options: TransportOptions | None = None
) -> NetworkTransport:
    """Return a transport of ``kind`` ("grpc", "rest", or an HTTP library) to ``endpoint``; use it as a context manager.

    Raises ``UnknownNameError`` for another kind, ``UsageError`` where the endpoint does not offer the protocol.
    """
    if kind not in TRANSPORTS:
        raise UnknownNameError("transport", kind, TRANSPORTS)
    return TRANSPORTS[kind].connect_to(endpoint, call, options or TransportOptions())
