"""``.tolist()`` and orjson: a faster parser behind the same Python lists."""

from __future__ import annotations

from typing import ClassVar

from serlab.codecs.base import Body, Call, Codec, Tensor
from serlab.codecs.rest_rows import read_request_rows, rows_of, tensor_of, write_predictions
from serlab.errors import CodecError
from serlab.records.run import Form


class JsonOrjsonListCodec(Codec):
    """orjson on Python lists; it writes NaN and infinities as ``null`` and refuses to read them bare."""

    name = "json-orjson-list"
    transport = "rest"
    requires: ClassVar[tuple[str, ...]] = ("orjson",)
    summary = ".tolist() + orjson.dumps / orjson.loads + np.array"

    def __init__(self) -> None:
        import orjson

        self._dumps, self._loads = orjson.dumps, orjson.loads

    def encode(self, tensor: Tensor, call: Call) -> Body:
        """Return row-format JSON."""
        try:
            return self._dumps({"signature_name": call.signature, "instances": tensor.tolist()})
        except TypeError as error:
            raise CodecError(f"orjson cannot write {tensor.dtype.name}: {error}") from error

    def decode(self, body: Body, call: Call) -> Tensor:
        """Return the predictions, through Python lists."""
        try:
            document = self._loads(body)
        except ValueError as error:
            raise CodecError(f"the response is not JSON for orjson: {error}") from error
        return tensor_of(rows_of(document, "predictions", call), call)

    def read_request(self, body: Body, call: Call) -> Tensor:
        """Return the instances."""
        return read_request_rows(body, call)

    def write_response(self, tensor: Tensor, call: Call, form: Form | None = None) -> Body:
        """Return the predictions as TensorFlow Serving words them."""
        return write_predictions(tensor)
