"""``--serving ADDRESS``: someone's server, already running. Nothing is started or stopped."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

from serlab.connection.headers import grpc_metadata
from serlab.errors import UsageError
from serlab.records.run import Endpoint
from serlab.serving.base import MODEL_OPTIONS, Instance, ServingOptions
from serlab.serving.model import read_metadata
from serlab.serving.status import model_status, require_available

_ADDRESS = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+(%\w+)?\]|[\w.-]+):(?P<grpc>\d*):(?P<rest>\d*)", re.ASCII)
#: Schemes of addresses, with the port where none is given; gRPC has one only behind TLS, where it shares HTTPS's.
_SCHEMES = {"http": 80, "https": 443, "grpc": 0, "grpcs": 443}
_HOW_TO_WRITE = (
    "write localhost:8500:8501, localhost:8500: (gRPC only), localhost::8501 (REST only), an IPv6 host in brackets; or "
    "addresses such as grpcs://host:443,https://host/prefix"
)


class RemoteInstance(Instance):
    """A running server: checked before anything is measured, so that what is wrong is said at once."""

    kind = "remote"
    spelling = "HOST:GRPC_PORT:REST_PORT"
    uses = MODEL_OPTIONS | {"tls", "ca", "cert", "key", "headers", "authority"}

    @classmethod
    def matches(cls, serving: str) -> bool:
        """Whether ``serving`` looks like an address."""
        return ":" in serving

    def start(self, stack: ExitStack) -> Endpoint:
        """Return the endpoint once every protocol it names has answered for the model.

        TF Serving does not tell its own version; the model's is recorded in its place.
        """
        options = self.options
        endpoint = remote_endpoint(options)
        versions = model_status(endpoint, options.model, options.client, version=options.version, label=options.label)
        version = require_available(versions, options.model)
        if options.signature:
            read_metadata(
                endpoint, options.model, options.client, version=options.version, label=options.label
            ).signature(options.signature)
        return replace(endpoint, version=f"{options.serving}, model {options.model} version {version}")


def remote_endpoint(options: ServingOptions) -> Endpoint:
    """Return where a running server is, before anything is asked of it.

    Raises:
        UsageError: an address that does not parse, options that do not go with it, or no model.
    """
    endpoint = parse_address(options.serving)
    client = options.client
    if options.tls:
        if "://" in options.serving:
            raise UsageError("--tls goes with HOST:GRPC_PORT:REST_PORT: an address says https:// or grpcs:// itself")
        endpoint = replace(endpoint, tls=True)
    if (client.ca or client.cert) and not (endpoint.tls or endpoint.rest_tls):
        raise UsageError("--ca, --cert and --key belong to an encrypted connection: add --tls")
    if not options.model:
        raise UsageError(f"--serving {options.serving} needs --model: the name the server knows the model by")
    if endpoint.grpc:
        grpc_metadata(client.headers)
    return endpoint


def parse_address(spec: str) -> Endpoint:
    """Return the addresses in ``HOST:GRPC_PORT:REST_PORT``, or in one URL per protocol, separated by a comma.

    A port left out, or a protocol without a URL, is not called. Raises ``UsageError`` for another form.
    """
    if "://" in spec:
        return _from_urls(spec)
    match = _ADDRESS.fullmatch(spec)
    if match is None:
        raise UsageError(f"--serving {spec!r} is not HOST:GRPC_PORT:REST_PORT: {_HOW_TO_WRITE}")
    ports = [match["grpc"], match["rest"]]
    if not any(ports):
        raise UsageError(f"--serving {spec} names no port: give the gRPC port, the REST port, or both")
    for port in filter(None, ports):
        if not 1 <= int(port) <= 65535:
            raise UsageError(f"--serving {spec}: {port} is not a port")
    grpc, rest = (f"{match['host']}:{int(port)}" if port else "" for port in ports)
    return Endpoint("remote", "", grpc, rest)


def _from_urls(spec: str) -> Endpoint:
    endpoint = Endpoint("remote", "", "", "")
    for url in spec.split(","):
        try:
            parts = urlsplit(url)
            if parts.username is not None:
                raise UsageError("--serving takes no user in an address: give --header 'authorization: Basic ...'")
            if parts.scheme not in _SCHEMES or not parts.hostname or parts.query or parts.fragment:
                raise ValueError
            address = _address(parts)
        except ValueError:
            raise UsageError(f"--serving {spec!r} does not parse at {url!r}: {_HOW_TO_WRITE}") from None
        grpc, tls = parts.scheme.startswith("grpc"), parts.scheme.endswith("s")
        if endpoint.grpc if grpc else endpoint.rest:
            raise UsageError(f"--serving {spec!r} gives two addresses for one protocol")
        if grpc:
            if parts.path.strip("/"):
                raise UsageError(
                    f"--serving {url!r}: gRPC has no path prefix; gateways route by --authority or --header"
                )
            endpoint = replace(endpoint, grpc=address, tls=tls)
        else:
            endpoint = replace(endpoint, rest=address, https=tls, prefix=parts.path.rstrip("/"))
    return endpoint


def _address(parts: SplitResult) -> str:
    """Return ``host:port`` of a URL. Raises ``ValueError`` for a port that is none, or that must be said."""
    port = parts.port if parts.port is not None else _SCHEMES[parts.scheme]
    host = parts.hostname or ""
    if not port or not host.isascii() or not parts.path.isascii() or not parts.path.isprintable() or " " in parts.path:
        raise ValueError
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
