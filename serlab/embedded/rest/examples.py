"""The JSON of classify and regress requests, checked as tensorflow_serving/util/json_tensor.cc does.

Nothing is kept of it: this server runs neither, and only has to find what is wrong with a request first.
"""

from __future__ import annotations

from typing import Literal

from serlab.embedded.rapidjson.reader import JsonObject, Value
from serlab.embedded.rest.document import parse_object, signature_name
from serlab.embedded.rest.json_tensor import is_base64_object, text_of, type_name, unescape_base64
from serlab.embedded.status import StatusError, invalid_argument

_Kind = Literal["bytes", "float", "int64"]


def read_examples(body: bytes) -> str:
    """Check the body of a classify or regress request and return its signature's name, "" for the default.

    Raises:
        StatusError: what TensorFlow Serving would answer to such a body.
    """
    document = parse_object(body)
    signature = signature_name(document)
    context = document.find(b"context")
    if context:
        _check_example(context[0])
    examples = document.find(b"examples")
    if examples is None:
        raise _format_error(document, "When method is classify, key 'examples' is expected and was not found")
    if not isinstance(examples[0], list):
        raise _format_error(document, "Expecting 'examples' value to be an list/array")
    if not examples[0]:
        raise _format_error(document, "'examples' value is an empty array")
    for example in examples[0]:
        _check_example(example)
    return signature


def _format_error(document: JsonObject, reason: str) -> StatusError:
    return invalid_argument(f"JSON Value: {text_of(document)} {reason}")


def _check_example(example: Value) -> None:
    if not isinstance(example, JsonObject):
        raise invalid_argument(f"Example must be JSON object but got JSON {type_name(example)}")
    for key, content in example.members:
        name = key.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
        kind: _Kind | None = None
        for value in content if isinstance(content, list) else [content]:
            found = _kind_of(name, value)
            if kind not in (None, found):
                raise invalid_argument(f"Unexpected element type in feature: {name} expecting type: {kind}")
            kind = found
            _check_value(name, value)


def _kind_of(name: str, value: Value) -> _Kind:
    if isinstance(value, bytes) or is_base64_object(value):
        return "bytes"
    if isinstance(value, float):
        return "float"
    if isinstance(value, int):
        return "int64"
    raise invalid_argument(f"Feature: {name} has element with unexpected JSON type: {type_name(value)}")


def _check_value(name: str, value: Value) -> None:
    if isinstance(value, JsonObject) and unescape_base64(value.members[0][1]) is None:
        raise invalid_argument("Unable to base64 decode")
    if isinstance(value, int) and value >= 2**63:
        raise invalid_argument(f"Feature: {name} has uint64 element. Only int64 is supported.")
