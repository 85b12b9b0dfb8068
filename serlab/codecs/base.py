"""The codec contract. A codec is one file in this folder, an entry point in the group ``serlab.codecs``, or registered.

Requests and responses hold named tensors. Numeric tensors are numpy arrays of any layout; string tensors are object
arrays of ``bytes``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from numpy.typing import NDArray

from serlab.errors import CodecError
from serlab.records.call import STRING, Call, TensorSpec
from serlab.records.run import FORMS, Form, Transport

__all__ = ["Body", "Call", "ChunkedCodec", "Codec", "GzipBody", "Tensor", "TensorSpec", "Tensors", "pick"]

Tensor = NDArray[Any]
Tensors = Mapping[str, Tensor]
Body = bytes

#: How a body reaches the model, as far as its cost to the server goes; "" for codecs that no server speaks.
Route = Literal["grpc", "rest-numbers", "rest-base64", ""]


class GzipBody(bytes):
    """A request body that is compressed, which the transport has to announce as its ``Content-Encoding``."""

    content_encoding = "gzip"


class Codec(ABC):
    """One way to turn named tensors into a request body, and a response body into named tensors.

    ``encode`` and ``decode`` are the client's half: what is measured, and what the end-to-end runs call.
    ``read_request`` and ``write_response`` are the server's half, so that a round trip can be checked with no server.
    All four raise ``CodecError`` for tensors or a body that they cannot carry.

    A codec with parameters takes them as keyword arguments of ``__init__`` and lists them with their defaults in
    ``parameters``; ``registry.get("orjson-gzip:level=9")`` sets one, and the instance's ``name`` says so.
    """

    name: str
    transport: ClassVar[Transport]
    route: ClassVar[Route] = ""
    #: The echo servable's signature this codec speaks to.
    signature: ClassVar[str] = "serving_default"
    #: What its client has imported, and nothing else; without one of these modules the codec is unavailable.
    requires: ClassVar[tuple[str, ...]] = ()
    #: The codec that this one differs from in a detail of sending: measured by the full profile, or when asked for.
    variant_of: ClassVar[str] = ""
    #: One line for tables of codecs: how the request is made, how the response is read.
    summary: ClassVar[str] = ""
    #: Parameters by name, each with its default.
    parameters: ClassVar[Mapping[str, str | int]] = {}

    #: The response forms to measure: both TensorProto forms over gRPC, a single unnamed one otherwise.
    forms: ClassVar[tuple[Form | None, ...]] = (None,)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "forms" not in vars(cls) and getattr(cls, "transport", None) == "grpc":
            cls.forms = FORMS

    @classmethod
    def refusal(cls, tensors: Mapping[str, TensorSpec], call: Call, **parameters: str | int) -> str:  # noqa: ARG003
        """Return why this codec cannot carry tensors of these dtypes and shapes to ``call``; "" if it can.

        It is asked before anything is measured, and without the codec's library. What the server makes of a body is not
        its subject.
        """
        for name, spec in call.inputs.items():
            if spec.dtype == STRING and name in tensors and tensors[name].dtype != STRING:
                return f"input {name!r} takes strings, the payload has {tensors[name].dtype}"
        return ""

    @abstractmethod
    def encode(self, tensors: Tensors, call: Call) -> Body:
        """Return the complete request body for ``tensors``, by the names of ``call.inputs``."""

    @abstractmethod
    def decode(self, body: Body, call: Call) -> dict[str, Tensor]:
        """Return the tensors of ``call.outputs`` that a response body holds."""

    @abstractmethod
    def read_request(self, body: Body, call: Call) -> dict[str, Tensor]:
        """Return the tensors that a request body made by ``encode`` holds."""

    @abstractmethod
    def write_response(self, tensors: Tensors, call: Call, form: Form | None = None) -> Body:
        """Return the response body a server would send; ``form`` picks the TensorProto form over gRPC."""


class ChunkedCodec(Codec):
    """A codec that can make a request body piece by piece, so that the whole of it need never exist at once.

    Transports that can send a body while it is being made call ``encode_chunks``; ``encode`` joins the pieces.
    """

    @abstractmethod
    def encode_chunks(self, tensors: Tensors, call: Call) -> Iterator[bytes]:
        """Yield the request body for ``tensors`` in pieces, none of them empty."""

    def encode(self, tensors: Tensors, call: Call) -> Body:
        """Return the complete request body for ``tensors``."""
        return b"".join(self.encode_chunks(tensors, call))

    def drain(self, tensors: Tensors, call: Call) -> None:
        """Make the body and drop it piece by piece: what encoding costs a client that sends as it goes."""
        for piece in self.encode_chunks(tensors, call):
            del piece  # it must be gone when the next one is made


def pick(found: Mapping[str, Tensor], wanted: Mapping[str, TensorSpec], what: str) -> dict[str, Tensor]:
    """Return the tensors that were asked for. Raises ``CodecError`` naming those there for one that is missing."""
    try:
        return {name: found[name] for name in wanted}
    except KeyError as error:
        raise CodecError(f"the {what} has no tensor {error.args[0]!r}, only {sorted(found)}") from None
