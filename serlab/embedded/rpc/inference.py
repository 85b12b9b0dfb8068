"""Classify, Regress and MultiInference requests: taken apart and refused in TensorFlow Serving's words.

The checks of MultiInference are those of tensorflow_serving/servables/tensorflow/multi_inference.cc.
"""

from __future__ import annotations

from typing import Any

from tensorflow_serving.apis import classification_pb2, inference_pb2, regression_pb2

from serlab.embedded.core import ServerCore
from serlab.embedded.inference import Method, refuse, refuse_inference
from serlab.embedded.model import DEFAULT_SIGNATURE
from serlab.embedded.rpc.messages import model_spec, parse_message
from serlab.embedded.status import Code, StatusError, invalid_argument
from serlab.wire import ModelSpec

_REQUEST: dict[Method, Any] = {
    "classify": classification_pb2.ClassificationRequest,
    "regress": regression_pb2.RegressionRequest,
}
_METHODS: dict[str, Method] = {
    "tensorflow/serving/classify": "classify",
    "tensorflow/serving/regress": "regress",
}


def check_inference(core: ServerCore, method: Method, body: bytes) -> bytes:
    """Refuse a serialized Classify or Regress request, with the code TensorFlow Serving gives for such a model.

    Raises:
        StatusError: always.
    """
    request = parse_message(_REQUEST[method], body)
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")
    return refuse_inference(core, method, model_spec(request.model_spec), request.model_spec.signature_name)


def check_multi_inference(core: ServerCore, body: bytes) -> bytes:
    """Refuse a serialized MultiInference request likewise.

    Raises:
        StatusError: always.
    """
    tasks = parse_message(inference_pb2.MultiInferenceRequest, body).tasks
    first = model_spec(tasks[0].model_spec) if tasks else ModelSpec()
    signatures = core.servable(first).model.signatures
    seen = set()
    for task in tasks:
        spec = task.model_spec
        if not spec.name:
            raise invalid_argument("Found ModelSpec with an empty model name.")
        if spec.name != first.name:
            raise invalid_argument("All ModelSpecs in a MultiInferenceRequest must access the same model name.")
        name = spec.signature_name or DEFAULT_SIGNATURE
        if name in seen:
            raise invalid_argument(f"Duplicate evaluation of signature: {name}")
        seen.add(name)
        if name not in signatures:
            raise invalid_argument(f"Requested signature not found in model graph: {name}")
        if task.method_name not in _METHODS:
            raise StatusError(Code.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}")
        refuse(_METHODS[task.method_name], signatures[name].definition)
    raise invalid_argument("Input is empty.")
