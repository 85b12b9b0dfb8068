"""``.tolist()`` and the standard library's json: what most REST clients do."""

from __future__ import annotations

import json

from serlab.codecs.base import Body, Call, Codec, Tensor
from serlab.codecs.rest_rows import read_request_rows, rows_of, tensor_of, write_predictions
from serlab.errors import CodecError
from serlab.records.run import Form


class JsonCodec(Codec):
    """Every number becomes a Python object, then text; on the way back the other way round."""

    name = "json"
    transport = "rest"
    summary = ".tolist() + json.dumps / json.loads + np.array"

    def encode(self, tensor: Tensor, call: Call) -> Body:
        """Return row-format JSON, ASCII; NaN and infinities as the bare words ``NaN``, ``Infinity``."""
        try:
            return json.dumps({"signature_name": call.signature, "instances": tensor.tolist()}).encode()
        except TypeError as error:
            raise CodecError(f"json cannot write {tensor.dtype.name}: {error}") from error

    def decode(self, body: Body, call: Call) -> Tensor:
        """Return the predictions; text of a number is read as the nearest float64, then cast to ``call.dtype``."""
        try:
            document = json.loads(body)
        except ValueError as error:
            raise CodecError(f"the response is not JSON: {error}") from error
        return tensor_of(rows_of(document, "predictions", call), call)

    def read_request(self, body: Body, call: Call) -> Tensor:
        """Return the instances."""
        return read_request_rows(body, call)

    def write_response(self, tensor: Tensor, call: Call, form: Form | None = None) -> Body:
        """Return the predictions as TensorFlow Serving words them."""
        return write_predictions(tensor)
