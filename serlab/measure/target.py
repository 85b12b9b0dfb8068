"""The live instance that a run calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from serlab.codecs import registry
from serlab.measure.calls import taken_by
from serlab.records.call import Call, TensorSpec
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions


@dataclass(frozen=True, slots=True)
class Target:
    """The live instance that end-to-end clients call, and how; ``call`` None means the lab's own echo servable.

    ``sent`` are the tensors of the payload that goes to ``call``, by input.
    """

    endpoint: Endpoint
    options: TransportOptions
    call: Call | None = None
    sent: Mapping[str, TensorSpec] = field(default_factory=dict)

    def callers(self, codecs: Sequence[str]) -> list[str]:
        """Return the codecs that this instance, and this model's signature, can be called with."""
        refused = self.refusals(codecs)
        return [codec for codec in codecs if codec not in refused]

    def refusals(self, codecs: Sequence[str]) -> dict[str, str]:
        """Return the codecs that cannot be sent here, each with the reason; the floor, which is never sent, too."""
        found = {}
        for codec in codecs:
            transport = registry.transport_of(codec)
            if transport == "none":
                found[codec] = "no transport carries it"
            elif transport not in self.endpoint.transports:
                offers = " and ".join({"grpc": "gRPC", "rest": "REST"}[name] for name in self.endpoint.transports)
                found[codec] = f"the instance offers {offers or 'no protocol'} only"
            elif self.call is not None:
                found[codec] = registry.refusal(codec, self.sent, taken_by(registry.codec_class(codec), self.call))
        return {codec: reason for codec, reason in found.items() if reason}
