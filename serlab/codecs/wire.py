"""``serlab.wire``: the request's header written around the tensors' own bytes, the answer read where it lies."""

from __future__ import annotations

from serlab.codecs.base import Body, Call, Codec, Tensor, Tensors, pick
from serlab.errors import CodecError, WireError
from serlab.records.run import Form
from serlab.wire import decode_predict, decode_request, encode_predict, encode_response


class WireCodec(Codec):
    """A PredictRequest as ``encode_predict`` writes it, with no prepared encoder: what any client can do."""

    name = "wire"
    transport = "grpc"
    route = "grpc"
    summary = "serlab.wire: header + the tensors' bytes, one copy / views of the body, no copy"

    def encode(self, tensors: Tensors, call: Call) -> Body:
        """Return a serialized PredictRequest; numbers travel in ``tensor_content``."""
        return encode_predict(
            call.model,
            tensors,
            signature=call.signature,
            version=call.version,
            label=call.label or None,
            output_filter=tuple(call.outputs) if call.picks_outputs else (),
        )

    def decode(self, body: Body, call: Call) -> dict[str, Tensor]:
        """Return the outputs of a serialized PredictResponse, read-only."""
        try:
            outputs = decode_predict(body).outputs
        except WireError as error:
            raise CodecError(f"the body is not a PredictResponse: {error}") from error
        return pick(outputs, call.outputs, "response")

    def read_request(self, body: Body, call: Call) -> dict[str, Tensor]:
        """Return the inputs of a serialized PredictRequest."""
        try:
            inputs = decode_request(body).inputs
        except WireError as error:
            raise CodecError(f"the body is not a PredictRequest: {error}") from error
        return pick(inputs, call.inputs, "request")

    def write_response(self, tensors: Tensors, call: Call, form: Form | None = None) -> Body:
        """Return a serialized PredictResponse: ``values``, as a stock server answers, or ``content``."""
        return encode_response(tensors, form=form or "values", model=call.model, signature=call.signature)
