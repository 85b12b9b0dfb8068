"""Who is examined: a server, a model, a call; and what a check says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from serlab.codecs import registry
from serlab.codecs.base import Body, Codec, Tensor
from serlab.errors import CodecError, SerlabError
from serlab.measure.calls import tensors_for
from serlab.payload import Payload
from serlab.records.call import Call
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions
from serlab.transports.registry import open_transport

#: ok: nothing wrong. note: worth knowing, no fault. found: something is wrong. not checked: the text says why.
Status = Literal["ok", "note", "found", "not checked"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says: a status, what was seen, and what to do about it ("" where nothing is to be done)."""

    check: str
    status: Status
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A Predict answer over one protocol: the body, and the tensors in it; or why there is none.

    ``failed`` says that a call was made and brought no usable answer.
    """

    codec: str
    body: Body = b""
    tensors: dict[str, Tensor] | None = field(default=None, compare=False)
    trouble: str = ""
    failed: bool = False

    @property
    def reason(self) -> str:
        """Why there is none, for checks that need it: what the call came to is said once."""
        return "the Predict call failed" if self.failed else self.trouble


@dataclass(frozen=True)
class Patient:
    """A server with one of its models. ``call`` is None where no Predict call could be made to fit the model.

    ``unfit`` says why in that case, and ``refused`` that it was the server's refusal to tell of the model.
    """

    endpoint: Endpoint
    model: str
    options: TransportOptions
    call: Call | None = None
    payload: Payload | None = None
    unfit: str = ""
    version: int | None = None
    label: str = ""
    refused: bool = False

    @cached_property
    def grpc_answer(self) -> Answer:
        """The answer to one Predict call over gRPC."""
        return self._ask("wire", bool(self.endpoint.grpc), "gRPC")

    @cached_property
    def rest_answer(self) -> Answer:
        """The answer to the same call over REST."""
        return self._ask("base64" if self._sends_bytes else "orjson", bool(self.endpoint.rest), "REST")

    @property
    def _sends_bytes(self) -> bool:
        """Whether numbers travel as strings of bytes."""
        return self.call is not None and any(spec.packs for spec in self.call.inputs.values())

    def encode(self, codec: Codec) -> Body:
        """Return the body of the Predict call. Raises what the codec raises."""
        assert self.call is not None
        assert self.payload is not None
        return codec.encode(tensors_for(self.payload, self.call), self.call)

    def _ask(self, codec_name: str, offered: bool, protocol: str) -> Answer:
        if not offered:
            return Answer(codec_name, trouble=f"{protocol} cannot be asked")
        if self.call is None or self.payload is None:
            return Answer(codec_name, trouble=self.unfit, failed=self.refused)
        if self._sends_bytes and protocol == "gRPC":
            return Answer(codec_name, trouble="the signature takes strings, and the payload is numbers")
        try:
            codec = registry.get(codec_name)
            call = self.call
            with open_transport(codec.transport, self.endpoint, call, self.options) as transport:
                body = transport.send(self.encode(codec))
            return Answer(codec_name, body, codec.decode(body, call))
        except CodecError as error:
            return Answer(codec_name, trouble=str(error))
        except SerlabError as error:
            return Answer(codec_name, trouble=str(error), failed=True)


Check = Callable[[Patient], Finding]
