"""The codec contract. A codec is one file in this folder, or an entry point in the group ``serlab.codecs``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from serlab.records.run import FORMS, Form, Transport

Tensor = NDArray[Any]
Body = bytes


class GzipBody(bytes):
    """A request body that is compressed, which the transport has to announce as its ``Content-Encoding``."""

    content_encoding = "gzip"


@dataclass(frozen=True, slots=True)
class Call:
    """What a client knows before it calls: the names, and the dtype and shape of the tensor that travels.

    Formats that do not say what their numbers are (JSON, base64) need ``dtype`` and ``shape`` to read a response, as
    any client of such a server does. The first dimension is the batch: a body may hold another number of rows.
    """

    model: str
    signature: str
    input: str
    output: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


class Codec(ABC):
    """One way to turn a tensor into a request body, and a response body into a tensor.

    ``encode`` and ``decode`` are the client's half: what is measured, and what the end-to-end runs call.
    ``read_request`` and ``write_response`` are the server's half, so that a round trip can be checked with no server.
    All four raise ``CodecError`` for a tensor or a body that they cannot carry.
    """

    name: ClassVar[str]
    transport: ClassVar[Transport]
    #: The echo servable's signature this codec speaks to; a Call can name another.
    signature: ClassVar[str] = "serving_default"
    #: Modules that must be importable; without one the codec is listed as unavailable.
    requires: ClassVar[tuple[str, ...]] = ()
    #: The codec that this one differs from in a detail of sending: measured by the full profile, or when asked for.
    variant_of: ClassVar[str] = ""
    #: One line for tables of codecs: how the request is made, how the response is read.
    summary: ClassVar[str] = ""

    #: The response forms to measure: both TensorProto forms over gRPC, a single unnamed one otherwise.
    forms: ClassVar[tuple[Form | None, ...]] = (None,)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "forms" not in vars(cls) and getattr(cls, "transport", None) == "grpc":
            cls.forms = FORMS

    @abstractmethod
    def encode(self, tensor: Tensor, call: Call) -> Body:
        """Return the complete request body for ``tensor``."""

    @abstractmethod
    def decode(self, body: Body, call: Call) -> Tensor:
        """Return the tensor that a response body holds, of ``call.dtype``."""

    @abstractmethod
    def read_request(self, body: Body, call: Call) -> Tensor:
        """Return the tensor that a request body made by ``encode`` holds."""

    @abstractmethod
    def write_response(self, tensor: Tensor, call: Call, form: Form | None = None) -> Body:
        """Return the response body a server would send; ``form`` picks the TensorProto form over gRPC."""


class ChunkedCodec(Codec):
    """A codec that can make a request body piece by piece, so that the whole of it need never exist at once.

    Transports that can send a body while it is being made call ``encode_chunks``; ``encode`` joins the pieces.
    """

    @abstractmethod
    def encode_chunks(self, tensor: Tensor, call: Call) -> Iterator[bytes]:
        """Yield the request body for ``tensor`` in pieces, none of them empty."""

    def encode(self, tensor: Tensor, call: Call) -> Body:
        """Return the complete request body for ``tensor``."""
        return b"".join(self.encode_chunks(tensor, call))

    def drain(self, tensor: Tensor, call: Call) -> None:
        """Make the body and drop it piece by piece: what encoding costs a client that sends as it goes."""
        for piece in self.encode_chunks(tensor, call):
            del piece  # it must be gone when the next one is made
