"""``--serving HOST:GRPC_PORT:REST_PORT``: someone's server, already running. Nothing is started or stopped."""

from __future__ import annotations

import re
from contextlib import ExitStack

from serlab.errors import UsageError
from serlab.records.run import Endpoint
from serlab.serving.base import MODEL_OPTIONS, Instance
from serlab.serving.model import read_metadata
from serlab.serving.status import model_status, require_available

_ADDRESS = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+(%\w+)?\]|[\w.-]+):(?P<grpc>\d*):(?P<rest>\d*)", re.ASCII)


class RemoteInstance(Instance):
    """A running server: checked before anything is measured, so that what is wrong is said at once."""

    kind = "remote"
    spelling = "HOST:GRPC_PORT:REST_PORT"
    uses = MODEL_OPTIONS | {"tls", "ca", "cert", "key", "headers"}

    @classmethod
    def matches(cls, serving: str) -> bool:
        """Whether ``serving`` looks like an address."""
        return ":" in serving

    def start(self, stack: ExitStack) -> Endpoint:
        """Return the endpoint once every protocol it names has answered for the model.

        TF Serving does not tell its own version; the model's is recorded in its place.
        """
        options = self.options
        grpc, rest = parse_address(options.serving)
        if (options.ca or options.cert) and not options.tls:
            raise UsageError("--ca, --cert and --key belong to an encrypted connection: add --tls")
        if not options.model:
            raise UsageError(f"--serving {options.serving} needs --model: the name the server knows the model by")
        endpoint = Endpoint("remote", "", grpc, rest, tls=options.tls)
        version = require_available(model_status(endpoint, options.model, options.access), options.model)
        if options.signature:
            read_metadata(endpoint, options.model, options.access).signature(options.signature)
        told = f"{options.serving}, model {options.model} version {version}"
        return Endpoint("remote", told, grpc, rest, tls=options.tls)


def parse_address(spec: str) -> tuple[str, str]:
    """Return the gRPC and the REST address, "" for a port left out. Raises ``UsageError`` for another form."""
    match = _ADDRESS.fullmatch(spec)
    if match is None:
        raise UsageError(
            f"--serving {spec!r} is not HOST:GRPC_PORT:REST_PORT: write localhost:8500:8501, localhost:8500: (gRPC "
            "only), localhost::8501 (REST only), and an IPv6 host in brackets"
        )
    ports = [match["grpc"], match["rest"]]
    if not any(ports):
        raise UsageError(f"--serving {spec} names no port: give the gRPC port, the REST port, or both")
    for port in filter(None, ports):
        if not 1 <= int(port) <= 65535:
            raise UsageError(f"--serving {spec}: {port} is not a port")
    grpc, rest = (f"{match['host']}:{int(port)}" if port else "" for port in ports)
    return grpc, rest
