"""PredictionService and ModelService as functions from message bytes to message bytes.

The checks of MultiInference are those of tensorflow_serving/servables/tensorflow/multi_inference.cc.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    regression_pb2,
)

from serlab.embedded.core import ServerCore
from serlab.embedded.inference import Method, refuse, refuse_inference
from serlab.embedded.metadata import metadata_response, status_response
from serlab.embedded.model import DEFAULT_SIGNATURE
from serlab.embedded.predict import run_predict
from serlab.embedded.rpc.tensor_proto import model_spec, parse_message, read_request, read_tensor, write_response
from serlab.embedded.status import Code, StatusError, invalid_argument
from serlab.records.run import Form
from serlab.wire import ModelSpec

_PREDICTION, _MODEL = "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService"

Handler = Callable[[bytes], bytes]


class GrpcService:
    """Every method as a function from message bytes to message bytes; StatusError for anything but OK."""

    def __init__(self, core: ServerCore, form: Form = "values") -> None:
        self._core = core
        self._form: Form = form

    def methods(self) -> dict[str, dict[str, Handler]]:
        """Return the methods by service and name."""
        return {
            _PREDICTION: {
                "Predict": self.predict,
                "GetModelMetadata": self.get_model_metadata,
                "Classify": lambda body: check_inference(self._core, "classify", body),
                "Regress": lambda body: check_inference(self._core, "regress", body),
                "MultiInference": lambda body: check_multi_inference(self._core, body),
            },
            _MODEL: {"GetModelStatus": self.get_model_status},
        }

    def predict(self, body: bytes) -> bytes:
        """Answer ``PredictionService.Predict``."""
        request = read_request(body)
        servable = self._core.servable(request.model)
        name, outputs = run_predict(
            servable,
            request.model.signature,
            request.tensors,
            lambda alias: read_tensor(alias, request.tensors[alias], body),
            request.output_filter,
        )
        return write_response(outputs, self._form, servable.name, name, servable.version)

    def get_model_metadata(self, body: bytes) -> bytes:
        """Answer ``PredictionService.GetModelMetadata``."""
        request = parse_message(get_model_metadata_pb2.GetModelMetadataRequest, body)
        spec = model_spec(request.model_spec) if request.HasField("model_spec") else None
        return bytes(metadata_response(self._core, spec, request.metadata_field).SerializeToString())

    def get_model_status(self, body: bytes) -> bytes:
        """Answer ``ModelService.GetModelStatus``."""
        request = parse_message(get_model_status_pb2.GetModelStatusRequest, body)
        spec = model_spec(request.model_spec) if request.HasField("model_spec") else None
        return bytes(status_response(self._core, spec).SerializeToString())


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
