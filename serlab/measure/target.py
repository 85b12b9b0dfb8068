"""The live instance that a run calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serlab.codecs import registry
from serlab.measure.calls import ModelCall
from serlab.measure.cases import with_transport
from serlab.records.run import Endpoint, Transport
from serlab.transports.base import TransportOptions


@dataclass(frozen=True, slots=True)
class Target:
    """The live instance that end-to-end clients call, and how; ``call`` None means the lab's own echo servable."""

    endpoint: Endpoint
    options: TransportOptions
    call: ModelCall | None = None

    def callers(self, codecs: Sequence[str]) -> list[str]:
        """Return the codecs that this instance, and this model's signature, can be called with."""
        offered = with_transport(codecs, self.transports)
        return [codec for codec in offered if self.call is None or self.call.takes(registry.codec_class(codec))]

    @property
    def transports(self) -> tuple[Transport, ...]:
        """The protocols the endpoint offers."""
        offered: list[Transport] = []
        if self.endpoint.grpc:
            offered.append("grpc")
        if self.endpoint.rest:
            offered.append("rest")
        return tuple(offered)
