"""The transports that reach an endpoint."""

from __future__ import annotations

from serlab.connection import TransportOptions
from serlab.errors import UnknownNameError
from serlab.records.call import Call
from serlab.records.run import Endpoint
from serlab.transports.base import NetworkTransport
from serlab.transports.grpc_channel import GrpcTransport
from serlab.transports.rest import RestTransport

TRANSPORTS: dict[str, type[NetworkTransport]] = {kind.name: kind for kind in (GrpcTransport, RestTransport)}


def open_transport(
    kind: str, endpoint: Endpoint, call: Call, options: TransportOptions | None = None
) -> NetworkTransport:
    """Return a transport of ``kind`` ("grpc", "rest") to ``endpoint``; use it as a context manager.

    Raises ``UnknownNameError`` for another kind, ``UsageError`` where the endpoint does not offer the protocol.
    """
    if kind not in TRANSPORTS:
        raise UnknownNameError("transport", kind, TRANSPORTS)
    return TRANSPORTS[kind].connect_to(endpoint, call, options or TransportOptions())
