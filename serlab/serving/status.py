"""Whether a server has a model, and has it ready: TF Serving's model status, over REST or gRPC."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from serlab.connection import TransportOptions
from serlab.connection.questions import UnreachableError, grpc_call, http_get, not_serving, server_document
from serlab.errors import ServingError, WireError
from serlab.records.run import Endpoint
from serlab.wire.fields import Span, fields, integer, length_field, string
from serlab.wire.model_spec import ModelSpec, write_model_spec

GET_MODEL_STATUS = "/tensorflow.serving.ModelService/GetModelStatus"

#: ``ModelVersionStatus.State`` of get_model_status.proto.
_STATES = {0: "UNKNOWN", 10: "START", 20: "LOADING", 30: "AVAILABLE", 40: "UNLOADING", 50: "END"}
AVAILABLE = "AVAILABLE"
#: A starting server is asked this often, and given this long for each answer.
_POLL_S, _POLL_TIMEOUT_S = 0.1, 2.0


class LoadFailedError(ServingError):
    """The server gave up on loading a model: waiting for it is pointless."""


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a model as the server sees it; ``error`` is why it did not load, "" otherwise."""

    version: int
    state: str
    error: str = ""


def model_path(model: str, version: int | None = None, label: str = "") -> str:
    """Return where the REST API has a model, or one of its versions."""
    path = f"/v1/models/{quote(model, safe='')}"
    if version is not None:
        return f"{path}/versions/{version:d}"
    return f"{path}/labels/{quote(label, safe='')}" if label else path


def model_message(model: str, version: int | None = None, label: str = "") -> bytes:
    """Return the content of a ModelSpec message. Raises ``CodecError`` for names that protobuf cannot hold."""
    return write_model_spec(ModelSpec(model, version=version, label=label or None))


def model_status(
    endpoint: Endpoint,
    model: str,
    options: TransportOptions | None = None,
    *,
    version: int | None = None,
    label: str = "",
) -> tuple[ModelVersion, ...]:
    """Return the versions of ``model``, over each protocol the endpoint has, so that all of them have answered.

    ``version`` or ``label`` asks for that one alone. Raises ``UnreachableError``, ``ModelMissingError``, or
    ``ServingError`` for another refusal.
    """
    options = options or TransportOptions()
    versions: tuple[ModelVersion, ...] = ()
    if endpoint.rest:
        versions = _status_over_rest(endpoint, model_path(model, version, label), options)
    if endpoint.grpc:
        versions = _status_over_grpc(endpoint, model_message(model, version, label), options)
    return versions


def is_available(endpoint: Endpoint, model: str, options: TransportOptions | None = None) -> bool:
    """Whether the server has the model, and has it ready."""
    try:
        require_available(model_status(endpoint, model, options), model)
    except ServingError:
        return False
    return True


def require_available(versions: Iterable[ModelVersion], model: str) -> int:
    """Return the newest available version.

    Raises ``LoadFailedError`` when there is none and one has ended with an error, ``ServingError`` when there is none
    yet; both quote the server.
    """
    known = tuple(versions)
    ready = [version.version for version in known if version.state == AVAILABLE]
    if ready:
        return max(ready)
    listed = "; ".join(f"version {v.version} is {v.state} {v.error}".rstrip() for v in known) or "it has no version"
    if any(version.state == "END" and version.error for version in known):
        raise LoadFailedError(f"the server could not load model {model}: {listed}")
    raise ServingError(f"model {model} is not available: {listed}")


def await_models(endpoint: Endpoint, models: Iterable[str], *, timeout_s: float, check: Callable[[], None]) -> None:
    """Return when every model is available over every protocol of a server that is starting up.

    ``check`` is called between tries and raises when waiting has become pointless. Raises ``ServingError`` with the
    last obstacle after ``timeout_s``, and ``LoadFailedError`` at once.
    """
    options = TransportOptions(timeout_s=_POLL_TIMEOUT_S)
    deadline = time.monotonic() + timeout_s
    for model in models:
        while True:
            check()
            try:
                require_available(model_status(endpoint, model, options), model)
                break
            except LoadFailedError:
                raise
            except ServingError as obstacle:
                if time.monotonic() > deadline:
                    raise ServingError(f"the server was not ready within {timeout_s:g} s: {obstacle}") from obstacle
            time.sleep(_POLL_S)


def _status_over_rest(endpoint: Endpoint, path: str, options: TransportOptions) -> tuple[ModelVersion, ...]:
    status, body = http_get(endpoint, path, options)
    document = server_document(endpoint, status, body)
    try:
        listed = document["modelVersionStatus" if "modelVersionStatus" in document else "model_version_status"]
        return tuple(
            ModelVersion(int(entry.get("version", 0)), entry["state"], _error_of(entry.get("status", {})))
            for entry in listed
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise not_serving(endpoint, status, body) from error


def _error_of(status: Mapping[str, str]) -> str:
    return status.get("error_message", status.get("errorMessage", ""))


def _status_over_grpc(endpoint: Endpoint, spec: bytes, options: TransportOptions) -> tuple[ModelVersion, ...]:
    request = length_field(1, spec)  # GetModelStatusRequest { ModelSpec model_spec = 1 }
    body = grpc_call(endpoint, GET_MODEL_STATUS, request, options)
    try:
        return parse_status(body)
    except WireError as error:
        raise UnreachableError(f"the server at {endpoint.grpc} answers {GET_MODEL_STATUS} with {error}") from error


def parse_status(body: bytes) -> tuple[ModelVersion, ...]:
    """Return what a serialized ``GetModelStatusResponse`` says. Raises ``WireError`` for other bytes."""
    # repeated ModelVersionStatus model_version_status = 1
    return tuple(_version(body, span) for number, span in fields(body) if number == 1)


def _version(body: bytes, span: Span) -> ModelVersion:
    version, state, error = 0, 0, ""
    for number, value in fields(body, span):
        if number == 1:  # int64 version
            version = integer(body, value)
        elif number == 2:  # State state
            state = integer(body, value)
        elif number == 3:  # StatusProto status { string error_message = 2 }
            error = "".join(string(body, text) for part, text in fields(body, value) if part == 2)
    return ModelVersion(version, _STATES.get(state, f"in state {state}"), error)
