"""PredictionService and ModelService as functions from message bytes to message bytes."""

from __future__ import annotations

from collections.abc import Callable

from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2

from serlab.embedded.core import ServerCore
from serlab.embedded.metadata import metadata_response, status_response
from serlab.embedded.predict import run_predict
from serlab.embedded.rpc.inference import check_inference, check_multi_inference
from serlab.embedded.rpc.messages import model_spec, parse_message
from serlab.embedded.rpc.tensor_proto import read_request, read_tensor, write_response
from serlab.records.run import Form

_PREDICTION, _MODEL = "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService"

Method = Callable[[bytes], bytes]


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
