"""The REST API above HTTP: a method, a path and a body in, a status and a body out.

Paths and their errors are those of tensorflow_serving/model_servers/http_rest_api_util.cc and http_rest_api_handler.cc.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote_to_bytes

from serlab.embedded.core import ServerCore
from serlab.embedded.inference import Method, refuse_inference
from serlab.embedded.metadata import metadata_json, status_json
from serlab.embedded.model import DEFAULT_SIGNATURE
from serlab.embedded.predict import run_predict
from serlab.embedded.rapidjson.writer import PrettyWriter
from serlab.embedded.rest.examples import read_examples
from serlab.embedded.rest.gzip_body import inflated
from serlab.embedded.rest.http_head import path_and_query
from serlab.embedded.rest.predict_request import read_predict
from serlab.embedded.rest.predict_response import write_predictions
from serlab.embedded.status import HTTP_STATUS, Code, StatusError, invalid_argument
from serlab.embedded.tensors import zeros
from serlab.records.run import Form
from serlab.wire import ModelSpec

_JSON = {"Content-Type": "application/json"}
#: libevent's own error pages close the connection.
_HTML = {"Content-Type": "text/html", "Connection": "close"}
#: What libevent sets on an answer that sets nothing.
_DEFAULT_HTML = {"Content-Type": "text/html; charset=ISO-8859-1"}
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    "Access-Control-Allow-Headers": "Content-Type",
}
#: Methods the server lets through (evhttp_set_allowed_methods); the others are 501.
_METHODS = frozenset(("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"))

_INFERENCE: Mapping[str, Method] = {"classify": "classify", "regress": "regress"}

_MODEL = r"/v1/models/(?P<name>[^/:]+)"
_VERSION = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_POST = re.compile(rf"{_MODEL}{_VERSION}:(?P<method>classify|regress|predict)", re.IGNORECASE)
_GET = re.compile(rf"/v1/models(?:/(?P<name>[^/:]+))?{_VERSION}(?:/(?P<part>metadata))?", re.IGNORECASE)
_SERVED = re.compile(r"/v1/.*", re.IGNORECASE)
_MAX_INT64 = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. ``path`` is its target as it came; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response, as far as the API decides it."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: _JSON)


class RestApi:
    """Answers requests; safe to call from many threads at once.

    ``cors`` is ``--enable_cors_support``; ``timeout_ms`` bounds how long a model may run, 0 for as long as it takes.
    ``form`` is that of gRPC answers: with ``content``, TensorFlow Serving's JSON writer reads fields that are empty,
    and answers zeros with status 200.
    """

    def __init__(self, core: ServerCore, *, cors: bool = False, timeout_ms: int = 0, form: Form = "values") -> None:
        self._core = core
        self._headers = {**_JSON, **_CORS} if cors else _JSON
        self._timeout_ms = timeout_ms
        self._zeros = form == "content"

    def answer(self, request: Request) -> Answer:
        """Return the response to a request."""
        if request.method not in _METHODS:
            return error_page(501)
        path = path_and_query(request.path)
        if path is None:
            return error_page(400)
        if not _SERVED.fullmatch(path):
            return error_page(404)
        request = replace(request, path=path)
        if request.method == "OPTIONS":
            # A CORS preflight names its origin; without one it is no preflight.
            return Answer(
                200 if request.headers.get("origin") else 400, b"", {**_DEFAULT_HTML, **self._headers_of_cors()}
            )
        try:
            body = self._process(request)
        except _UnspokenError:
            return Answer(400, b"", self._headers)
        except MemoryError:
            error = StatusError(Code.RESOURCE_EXHAUSTED, "out of memory while answering the request")
            return Answer(HTTP_STATUS[error.code], error_body(error.message), self._headers)
        except StatusError as error:
            return Answer(HTTP_STATUS[error.code], error_body(error.message), self._headers)
        return Answer(200, body, self._headers)

    def _headers_of_cors(self) -> Mapping[str, str]:
        return {name: value for name, value in self._headers.items() if name in _CORS}

    def _process(self, request: Request) -> bytes:
        pattern = {"POST": _POST, "GET": _GET}.get(request.method)
        match = pattern.fullmatch(request.path) if pattern else None
        if not match:
            raise invalid_argument(f"Malformed request: {request.method} {request.path}")
        label = _decoded(match["label"]) if match["label"] else None
        spec = ModelSpec(_decoded(match["name"]), version=_version(match["version"]), label=label)
        if request.method == "GET":
            if not spec.name:
                raise invalid_argument("Missing model name in request.")
            return (metadata_json if match["part"] == "metadata" else status_json)(self._core, spec).encode()
        body = request.body
        if "gzip" in request.headers.get("content-encoding", ""):
            body = inflated(body)
        method: str = match["method"]
        if method == "predict":
            return self._predict(spec, body)
        if method in _INFERENCE:
            return refuse_inference(self._core, _INFERENCE[method], spec, read_examples(body))
        # The path's pattern ignores case, what is done with the method does not.
        raise invalid_argument(f"Malformed request: {request.method} {request.path}")

    def _predict(self, spec: ModelSpec, body: bytes) -> bytes:
        def tensor_infos(signature_name: str) -> Mapping[str, int]:
            signatures = self._core.servable(spec).model.signatures
            name = signature_name or DEFAULT_SIGNATURE
            if name not in signatures:
                raise invalid_argument(f'Serving signature name: "{name}" not found in signature def')
            return signatures[name].inputs

        request = read_predict(body, tensor_infos)
        tensors = request.tensors
        _, outputs = run_predict(
            self._core.servable(spec),
            request.signature_name,
            tensors,
            tensors.__getitem__,
            timeout_ms=self._timeout_ms,
        )
        if self._zeros:
            outputs = {name: zeros(tensor) for name, tensor in outputs.items()}
        return write_predictions(outputs, request.format)


class _UnspokenError(Exception):
    """An error the server answers with an empty body."""


def error_body(message: str) -> bytes:
    """Return the JSON of an error, as the server's writer indents it."""
    writer = PrettyWriter()
    writer.start_object()
    writer.string(b"error")
    writer.string(message.encode("utf-8", "surrogateescape"))
    writer.end()
    return writer.text()


def error_page(status: int) -> Answer:
    """Return libevent's own error page, behind which the connection is closed."""
    reason = http.client.responses[status]
    page = f"<HTML><HEAD>\n<TITLE>{status} {reason}</TITLE>\n</HEAD><BODY>\n<H1>{reason}</H1>\n</BODY></HTML>\n"
    return Answer(status, page.encode(), _HTML)


def _decoded(text: str | None) -> str:
    return unquote_to_bytes(text or "").decode("utf-8", "surrogateescape")


def _version(text: str | None) -> int | None:
    if not text:
        return None
    # int() refuses more digits than this, and the server any number beyond 64 bits.
    if len(text.lstrip("0")) > 19 or int(text) > _MAX_INT64:
        raise _UnspokenError
    return int(text)
