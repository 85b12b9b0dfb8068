"""PredictionService and ModelService as functions from message bytes to message bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    predict_pb2,
)

from serlab.serving.embedded.core import ModelSpec, ServerCore
from serlab.serving.embedded.inference import check_inference
from serlab.serving.embedded.metadata import metadata_response, status_response
from serlab.serving.embedded.predict import run_predict
from serlab.serving.embedded.rpc.tensor_proto import Form, delimited, read_tensor, write_tensor
from serlab.serving.embedded.status import Code, StatusError, invalid_argument

_PREDICTION, _MODEL = "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService"

Method = Callable[[bytes], bytes]


def model_spec(spec: model_pb2.ModelSpec) -> ModelSpec:
    """Return the request's ModelSpec as the core knows it."""
    version = spec.version.value if spec.HasField("version") else None
    return ModelSpec(spec.name, version, spec.version_label)


class GrpcService:
    """Every method as a function from message bytes to message bytes; StatusError for anything but OK."""

    def __init__(self, core: ServerCore, form: Form = "values") -> None:
        self._core = core
        self._form: Form = form

    def methods(self) -> dict[str, dict[str, Method]]:
        """Return the methods by service and name."""
        return {
            _PREDICTION: {
                "Predict": self.predict,
                "GetModelMetadata": self.get_model_metadata,
                "Classify": lambda body: check_inference(self._core, "classify", body),
                "Regress": lambda body: check_inference(self._core, "regress", body),
                "MultiInference": lambda body: check_inference(self._core, "multi", body),
            },
            _MODEL: {"GetModelStatus": self.get_model_status},
        }

    def predict(self, body: bytes) -> bytes:
        """Answer ``PredictionService.Predict``."""
        request = _parse(predict_pb2.PredictRequest, body)
        if not request.HasField("model_spec"):
            raise invalid_argument("Missing ModelSpec")
        servable = self._core.servable(model_spec(request.model_spec))
        name, outputs = run_predict(
            servable,
            request.model_spec.signature_name,
            request.inputs,
            lambda alias: read_tensor(alias, request.inputs[alias]),
            request.output_filter,
        )
        spec = model_pb2.ModelSpec(name=servable.name, signature_name=name)
        spec.version.value = servable.version
        entries = [
            delimited(1, delimited(1, alias.encode()) + delimited(2, write_tensor(array, self._form)))
            for alias, array in outputs.items()
        ]
        return b"".join((*entries, delimited(2, spec.SerializeToString())))

    def get_model_metadata(self, body: bytes) -> bytes:
        """Answer ``PredictionService.GetModelMetadata``."""
        request = _parse(get_model_metadata_pb2.GetModelMetadataRequest, body)
        spec = model_spec(request.model_spec) if request.HasField("model_spec") else None
        return bytes(metadata_response(self._core, spec, request.metadata_field).SerializeToString())

    def get_model_status(self, body: bytes) -> bytes:
        """Answer ``ModelService.GetModelStatus``."""
        request = _parse(get_model_status_pb2.GetModelStatusRequest, body)
        spec = model_spec(request.model_spec) if request.HasField("model_spec") else None
        return bytes(status_response(self._core, spec).SerializeToString())


def _parse(message_type: Any, body: bytes) -> Any:
    try:
        return message_type.FromString(body)
    except DecodeError as error:
        # gRPC itself answers this when a message does not parse, and has nothing to add.
        raise StatusError(Code.INTERNAL, "") from error
