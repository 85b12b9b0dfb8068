"""Classify, Regress and MultiInference: answered up to where a model would need a signature for them.

The checks and their wording are those of tensorflow_serving/servables/tensorflow/{classifier,regressor}.cc and
multi_inference.cc. A model that does have such a signature is refused: this server only runs Predict.
"""

from __future__ import annotations

from typing import Any, Literal

from google.protobuf import text_format
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import classification_pb2, inference_pb2, regression_pb2

from serlab.serving.embedded.core import ModelSpec, ServerCore
from serlab.serving.embedded.model import DEFAULT_SIGNATURE
from serlab.serving.embedded.status import Code, StatusError, invalid_argument

Method = Literal["classify", "regress", "multi"]

_NOUN = {"classify": "classification", "regress": "regression"}
_REQUEST: dict[Method, Any] = {
    "classify": classification_pb2.ClassificationRequest,
    "regress": regression_pb2.RegressionRequest,
    "multi": inference_pb2.MultiInferenceRequest,
}


def check_inference(core: ServerCore, method: Method, body: bytes) -> bytes:
    """Refuse the serialized request, with the code TensorFlow Serving gives for a model without such a signature.

    Raises:
        StatusError: always.
    """
    try:
        request = _REQUEST[method].FromString(body)
    except DecodeError as error:
        raise StatusError(Code.INTERNAL, "") from error
    if method != "multi":
        if not request.HasField("model_spec"):
            raise invalid_argument("Missing ModelSpec")
        return refuse_inference(core, method, _spec(request.model_spec), request.model_spec.signature_name)
    tasks = request.tasks
    core.servable(_spec(tasks[0].model_spec) if tasks else ModelSpec(""))
    for task in tasks:
        methods: dict[str, Method] = {f"tensorflow/serving/{name}": name for name in ("classify", "regress")}
        if task.method_name not in methods:
            raise StatusError(Code.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}")
        refuse_inference(core, methods[task.method_name], _spec(task.model_spec), task.model_spec.signature_name)
    raise invalid_argument("Input is empty.")


def refuse_inference(core: ServerCore, method: Method, spec: ModelSpec, signature_name: str) -> bytes:
    """Look the model and its signature up and say what the signature lacks.

    Raises:
        StatusError: always.
    """
    signatures = core.servable(spec).model.signatures
    name = signature_name or DEFAULT_SIGNATURE
    if name not in signatures:
        raise invalid_argument(f"No signature was found with the name: {name}")
    signature = signatures[name]
    noun = _NOUN[method]
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if method == "classify" and len(signature.outputs) not in (1, 2):
        raise invalid_argument(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    if method == "regress" and len(signature.outputs) != 1:
        raise invalid_argument("Expected one output Tensor.")
    if "inputs" not in signature.inputs:
        raise StatusError(Code.FAILED_PRECONDITION, f"No {noun} inputs found in SignatureDef: {_debug(signature)}")
    raise StatusError(Code.UNIMPLEMENTED, f"{method} is not offered by the embedded server: it only runs predict")


def _spec(spec: Any) -> ModelSpec:
    return ModelSpec(spec.name, spec.version.value if spec.HasField("version") else None, spec.version_label)


def _debug(signature: Any) -> str:
    """Return protobuf's DebugString, which prints ``defaults`` and the like only when they are set."""
    return str(text_format.MessageToString(signature))
