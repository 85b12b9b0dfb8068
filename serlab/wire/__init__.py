"""TensorFlow Serving's tensors on the wire, read and written with numpy alone: no TensorFlow, no generated protos.

>>> body = encode_predict("resnet", {"images": images})
>>> outputs = decode_predict(answer).outputs
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from serlab.wire.encode import PredictEncoder, encode_predict, encode_predict_parts, encode_response
from serlab.wire.model_spec import ModelSpec
from serlab.wire.predict import Request, Response, decode_predict, decode_request
from serlab.wire.tensor_arrays import Rules

if TYPE_CHECKING:
    from serlab.wire.client import AsyncPredictClient, PredictClient

__all__ = [
    "AsyncPredictClient",
    "ModelSpec",
    "PredictClient",
    "PredictEncoder",
    "Request",
    "Response",
    "Rules",
    "decode_predict",
    "decode_request",
    "encode_predict",
    "encode_predict_parts",
    "encode_response",
]


def __getattr__(name: str) -> Any:
    # The clients need grpcio; reading and writing does not.
    if name in ("AsyncPredictClient", "PredictClient"):
        from serlab.wire import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
