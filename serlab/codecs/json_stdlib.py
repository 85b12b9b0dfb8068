"""``.tolist()`` and the standard library's json: what most REST clients do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from serlab.codecs.base import Body, Call, Codec, Tensor, Tensors, TensorSpec
from serlab.codecs.rest_json import KEYS, assemble, document_of, json_value, read_request_json, take_apart, write_answer
from serlab.errors import CodecError, UsageError
from serlab.records.run import Form


class JsonCodec(Codec):
    """Every number becomes a Python object, then text; on the way back the other way round.

    Its siblings replace the library (``_dumps``, ``_loads``) or what it is given (``_value``). ``format`` is "row" or
    "columnar".
    """

    name = "json"
    transport = "rest"
    route = "rest-numbers"
    summary = ".tolist() + json.dumps / json.loads + np.array"
    parameters: ClassVar[dict[str, str | int]] = {"format": "row"}

    def __init__(self, format: str = "row") -> None:
        if format not in KEYS:
            raise UsageError(f"codec {self.name} has no format {format!r}: choose from {', '.join(KEYS)}")
        self._request_key, self._response_key = KEYS[format]

    @classmethod
    def refusal(cls, tensors: Mapping[str, TensorSpec], call: Call, **parameters: str | int) -> str:
        """Return why row-format JSON cannot hold the tensors."""
        if found := super().refusal(tensors, call, **parameters):
            return found
        if parameters.get("format") != "columnar":
            batches = {spec.shape[0] if spec.shape else None for spec in tensors.values()}
            if None in batches:
                return "the row format has no place for a scalar: use format=columnar"
            if len(batches) > 1:
                return "the row format needs one batch size for all inputs: use format=columnar"
        return ""

    def encode(self, tensors: Tensors, call: Call) -> Body:
        """Return the request as JSON, ASCII; NaN and infinities as the bare words ``NaN``, ``Infinity``."""
        key = self._request_key
        values = {name: self._value(tensor) for name, tensor in tensors.items()}
        try:
            return self._dumps(document_of(call, key, assemble(values, key)))
        except TypeError as error:
            dtypes = ", ".join(sorted({tensor.dtype.name for tensor in tensors.values()}))
            raise CodecError(f"{self.name} cannot write {dtypes}: {error}") from error

    def decode(self, body: Body, call: Call) -> dict[str, Tensor]:
        """Return the outputs; text of a number is read as the nearest float64, then cast to the output's dtype."""
        try:
            document = self._loads(body)
        except (ValueError, RecursionError) as error:
            raise CodecError(f"the response is not JSON for {self.name}: {error}") from error
        return take_apart(document, self._response_key, call.outputs)

    def read_request(self, body: Body, call: Call) -> dict[str, Tensor]:
        """Return the inputs."""
        return read_request_json(body, self._request_key, call)

    def write_response(self, tensors: Tensors, call: Call, form: Form | None = None) -> Body:
        """Return the outputs as TensorFlow Serving words them."""
        return write_answer(tensors, self._response_key)

    def _value(self, tensor: Tensor) -> Any:
        return json_value(tensor)

    def _dumps(self, document: Any) -> bytes:
        return json.dumps(document).encode()

    def _loads(self, body: bytes) -> Any:
        return json.loads(body)
