"""Chooses the program for a way of sending."""

from __future__ import annotations

from collections.abc import Mapping

from serlab.records.call import Call, TensorSpec
from serlab.report.snippets import rest
from serlab.report.snippets.grpc import any_part, tensor_proto_part, wire_part
from serlab.report.snippets.program import Server, program


def snippet(representation: str, codec: str, inputs: Mapping[str, TensorSpec], call: Call, server: Server) -> str:
    """Return a complete program that sends ``inputs`` as ``representation`` over ``codec`` to ``call``.

    It defines ``predict(tensors)`` and ``predict_async(tensors)``, both of a mapping by the model's own names, and run
    as a script it makes one call each and prints dtypes and shapes of the outputs. Values of headers are read from the
    environment.
    """
    if codec == "wire":
        part = wire_part(call, server)
    elif codec == "tensor-proto":
        part = tensor_proto_part(call, server)
    elif codec in rest.CODECS and all(spec.shape for spec in call.outputs.values()):
        part = rest.rest_part(codec, call, server)
    else:
        part = any_part(codec, call, server)
    return program(part, representation, dict(inputs), call)
