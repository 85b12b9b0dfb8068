"""``serlab.wire``: the request's header written around the tensor's own bytes, the answer read where it lies."""

from __future__ import annotations

from serlab.codecs.base import Body, Call, Codec, Tensor
from serlab.errors import CodecError, WireError
from serlab.records.run import Form
from serlab.wire import decode_predict, decode_request, encode_predict, encode_response


class WireCodec(Codec):
    """A PredictRequest as ``encode_predict`` writes it, with no prepared encoder: what any client can do."""

    name = "wire"
    transport = "grpc"
    summary = "serlab.wire: header + the tensor's bytes, one copy / views of the body, no copy"

    def encode(self, tensor: Tensor, call: Call) -> Body:
        """Return a serialized PredictRequest; numbers travel in ``tensor_content``."""
        return encode_predict(call.model, {call.input: tensor}, signature=call.signature)

    def decode(self, body: Body, call: Call) -> Tensor:
        """Return the output ``call.output`` of a serialized PredictResponse, read-only."""
        try:
            outputs = decode_predict(body).outputs
        except WireError as error:
            raise CodecError(f"the body is not a PredictResponse: {error}") from error
        if call.output not in outputs:
            raise CodecError(f"the response has no output {call.output!r}, only {sorted(outputs)}")
        return outputs[call.output]

    def read_request(self, body: Body, call: Call) -> Tensor:
        """Return the input ``call.input`` of a serialized PredictRequest."""
        try:
            inputs = decode_request(body).inputs
        except WireError as error:
            raise CodecError(f"the body is not a PredictRequest: {error}") from error
        if call.input not in inputs:
            raise CodecError(f"the request has no input {call.input!r}, only {sorted(inputs)}")
        return inputs[call.input]

    def write_response(self, tensor: Tensor, call: Call, form: Form | None = None) -> Body:
        """Return a serialized PredictResponse: ``values``, as a stock server answers, or ``content``."""
        return encode_response({call.output: tensor}, form=form or "values", model=call.model, signature=call.signature)
