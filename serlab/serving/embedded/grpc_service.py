"""The gRPC half: PredictionService, ModelService and health, on raw message bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2_grpc
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
from serlab.serving.embedded.status import Code, StatusError, invalid_argument
from serlab.serving.embedded.tensor_proto import Form, delimited, read_tensor, write_tensor

_STATUS = {Code[code.name]: code for code in grpc.StatusCode}
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
        # gRPC itself answers INTERNAL when a message does not parse.
        raise StatusError(Code.INTERNAL, f"Error parsing {message_type.DESCRIPTOR.name}: {error}") from error


def start_grpc(
    service: GrpcService, address: str, *, max_threads: int, channel_arguments: list[tuple[str, Any]]
) -> tuple[grpc.Server, int]:
    """Start a server on ``host:port`` (0: any free port) and return it with its port.

    At most ``max_threads`` calls run at once; one more is answered RESOURCE_EXHAUSTED at once, as TensorFlow Serving
    does when its resource quota has no thread left.

    Raises:
        RuntimeError: the port cannot be bound.
    """
    running = threading.BoundedSemaphore(max_threads)
    # Threads beyond the limit do nothing but say that the pool is exhausted.
    pool = ThreadPoolExecutor(2 * max_threads + 2, thread_name_prefix="grpc")
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(pool, options=[*options, ("grpc.so_reuseport", 0), *channel_arguments])
    for name, methods in service.methods().items():
        handlers = {
            method: grpc.unary_unary_rpc_method_handler(_handler(function, running))
            for method, function in methods.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    port = server.add_insecure_port(address)
    server.start()
    return server, int(port)


def _handler(function: Method, running: threading.BoundedSemaphore) -> Callable[[bytes, Any], bytes]:
    def handle(body: bytes, context: grpc.ServicerContext) -> bytes:
        if not running.acquire(blocking=False):
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Server Threadpool Exhausted")
        try:
            return function(body)
        except StatusError as error:
            context.abort(_STATUS[error.code], error.message)
            raise
        finally:
            running.release()

    return handle
