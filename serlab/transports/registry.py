"""Finds the transports: every file of this folder that defines a ``NetworkTransport``."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

import serlab.transports
from serlab.errors import UnknownNameError
from serlab.records.run import Endpoint
from serlab.transports.base import ModelCall, NetworkTransport, TransportOptions


@cache
def network_transports() -> dict[str, type[NetworkTransport]]:
    """Return the transports that reach an endpoint, by name."""
    found: dict[str, type[NetworkTransport]] = {}
    for module in pkgutil.iter_modules(serlab.transports.__path__):
        if module.name == "registry":
            continue
        file = importlib.import_module(f"serlab.transports.{module.name}")
        for value in vars(file).values():
            here = getattr(value, "__module__", "") == file.__name__
            if (
                here
                and inspect.isclass(value)
                and issubclass(value, NetworkTransport)
                and not inspect.isabstract(value)
            ):
                found[value.name] = value
    return found


def open_transport(
    kind: str, endpoint: Endpoint, call: ModelCall, options: TransportOptions | None = None
) -> NetworkTransport:
    """Return a transport of ``kind`` ("grpc", "rest") to ``endpoint``; use it as a context manager.

    Raises ``UnknownNameError`` for another kind, ``UsageError`` where the endpoint does not offer the protocol.
    """
    known = network_transports()
    if kind not in known:
        raise UnknownNameError("transport", kind, known)
    return known[kind].connect_to(endpoint, call, options or TransportOptions())
