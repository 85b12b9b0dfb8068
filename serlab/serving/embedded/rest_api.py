"""The REST API above HTTP: a method, a path and a body in, a status and a body out.

Paths and their errors are those of tensorflow_serving/model_servers/http_rest_api_util.cc and http_rest_api_handler.cc.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from serlab.serving.embedded.core import ModelSpec, ServerCore
from serlab.serving.embedded.inference import refuse_inference
from serlab.serving.embedded.json_request import read_predict
from serlab.serving.embedded.json_response import write_predictions
from serlab.serving.embedded.metadata import metadata_json, status_json
from serlab.serving.embedded.model import DEFAULT_SIGNATURE
from serlab.serving.embedded.predict import run_predict
from serlab.serving.embedded.status import HTTP_STATUS, StatusError, invalid_argument

_JSON = {"Content-Type": "application/json"}
_MODEL = r"/v1/models/(?P<name>[^/:]+)"
_VERSION = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_POST = re.compile(rf"{_MODEL}{_VERSION}:(?P<method>classify|regress|predict)", re.IGNORECASE)
_GET = re.compile(rf"/v1/models(?:/(?P<name>[^/:]+))?{_VERSION}(?:/(?P<part>metadata))?", re.IGNORECASE)
_SERVED = re.compile(r"/v1/.*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response, as far as the API decides it."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: _JSON)


class RestApi:
    """Answers requests; safe to call from many threads at once."""

    def __init__(self, core: ServerCore) -> None:
        self._core = core

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Return the response to a request. ``path`` is as it came: with its query, still percent-encoded."""
        if not _SERVED.fullmatch(path):
            return _not_found()
        try:
            return Answer(200, self._process(method, path, body))
        except StatusError as error:
            return Answer(HTTP_STATUS[error.code], error_body(error.message))

    def _process(self, method: str, path: str, body: bytes) -> bytes:
        pattern = {"POST": _POST, "GET": _GET}.get(method)
        match = pattern.fullmatch(path) if pattern else None
        if not match:
            raise invalid_argument(f"Malformed request: {method} {path}")
        spec = ModelSpec(_decoded(match["name"]), _number(match["version"]), _decoded(match["label"]))
        if method == "GET":
            if not spec.name:
                raise invalid_argument("Missing model name in request.")
            return (metadata_json if match["part"] else status_json)(self._core, spec).encode()
        if match["method"] == "predict":
            return self._predict(spec, body)
        return refuse_inference(self._core, match["method"], spec, "")

    def _predict(self, spec: ModelSpec, body: bytes) -> bytes:
        def tensor_infos(signature_name: str) -> Mapping[str, Any]:
            signatures = self._core.servable(spec).model.signatures
            name = signature_name or DEFAULT_SIGNATURE
            if name not in signatures:
                raise invalid_argument(f'Serving signature name: "{name}" not found in signature def')
            return dict(signatures[name].inputs)

        signature, form, tensors = read_predict(body, tensor_infos)
        _, outputs = run_predict(self._core.servable(spec), signature, tensors, tensors.__getitem__)
        return write_predictions(outputs, form)


def error_body(message: str) -> bytes:
    """Return the JSON of an error, indented by four as the server's writer does."""
    return json.dumps({"error": message}, indent=4, ensure_ascii=False).encode()


def _not_found() -> Answer:
    page = "<HTML><HEAD>\n<TITLE>404 Not Found</TITLE>\n</HEAD><BODY>\n<H1>Not Found</H1>\n</BODY></HTML>\n"
    return Answer(404, page.encode(), {"Content-Type": "text/html"})


def _decoded(text: str | None) -> str:
    return unquote_to_bytes(text or "").decode("utf-8", "surrogateescape")


def _number(text: str | None) -> int | None:
    return int(text) if text else None
