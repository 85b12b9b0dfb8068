"""Classify and Regress, answered up to where a model would need a signature for them.

The checks and their wording are those of tensorflow_serving/servables/tensorflow/{classifier,regressor}.cc. A model
that does have such a signature is refused: this server only runs Predict.
"""

from __future__ import annotations

from typing import Any, Literal

from google.protobuf import text_format

from serlab.embedded.core import ServerCore
from serlab.embedded.model import DEFAULT_SIGNATURE
from serlab.embedded.status import Code, StatusError, invalid_argument
from serlab.wire import ModelSpec

Method = Literal["classify", "regress"]

_NOUN: dict[Method, str] = {"classify": "classification", "regress": "regression"}


def refuse_inference(core: ServerCore, method: Method, spec: ModelSpec, signature_name: str) -> bytes:
    """Look the model and its signature up and say what the signature lacks.

    Raises:
        StatusError: always.
    """
    signatures = core.servable(spec).model.signatures
    name = signature_name or DEFAULT_SIGNATURE
    if name not in signatures:
        raise invalid_argument(f"No signature was found with the name: {name}")
    return refuse(method, signatures[name].definition)


def refuse(method: Method, signature: Any) -> bytes:
    """Say what the SignatureDef lacks to be run by ``method``.

    Raises:
        StatusError: always.
    """
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


def _debug(signature: Any) -> str:
    """Return protobuf's DebugString, which prints ``defaults`` and the like only when they are set."""
    return str(text_format.MessageToString(signature))
