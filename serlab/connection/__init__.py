"""How a client reaches a server: options, TLS, headers, gRPC channels, errors that name the likely cause.

One answer to each, for the transports that are measured, for questions that are not, and for ``serlab.wire``'s clients.
"""

from serlab.connection.options import TransportOptions

__all__ = ["TransportOptions"]
