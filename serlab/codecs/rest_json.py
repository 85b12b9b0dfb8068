"""TensorFlow Serving's JSON, shared by the REST codecs: documents of values in row or in columnar format.

A request in row format is ``{"signature_name": …, "instances": [row, …]}``, its response ``{"predictions": [row, …]}``
with one row per element of the first dimension; a row is the value itself where there is one tensor, an object by name
where there are several. In columnar format they are ``{"inputs": …}`` and ``{"outputs": …}`` with whole tensors
(https://www.tensorflow.org/tfx/serving/api_rest). Strings are text, or ``{"b64": …}`` where they are no UTF-8. The
server writes ``NaN``, ``Infinity`` and ``-Infinity`` bare, which is not JSON.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from serlab.codecs.base import Call, Tensor, Tensors, TensorSpec
from serlab.errors import CodecError
from serlab.records.call import STRING, strings_of_json

#: The keys of request and response in each format.
KEYS = {"row": ("instances", "predictions"), "columnar": ("inputs", "outputs")}


def document_of(call: Call, key: str, value: Any) -> dict[str, Any]:
    """Return a request's document."""
    return {"signature_name": call.signature, key: value}


def assemble(values: Mapping[str, Any], key: str) -> Any:
    """Return what stands under ``key`` for the values of the tensors, each a nested list or an array.

    Raises:
        CodecError: in row format, tensors of unequal batches, or without one.
    """
    if len(values) == 1:
        (value,) = values.values()
        return value
    if key == "inputs":
        return dict(values)
    try:
        return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    except (TypeError, ValueError):
        raise CodecError(
            f"the row format needs one batch size for all of {', '.join(values)}: use the columnar format"
        ) from None


def take_apart(document: Any, key: str, specs: Mapping[str, TensorSpec]) -> dict[str, Tensor]:
    """Return the tensors of ``specs`` that a document holds under ``key``.

    Raises:
        CodecError: the server answered an error, or something that has no such tensors.
    """
    if not isinstance(document, dict) or key not in document:
        reason = document.get("error") if isinstance(document, dict) else None
        raise CodecError(f"the body has no list {key!r}" + (f": the server says {reason!r}" if reason else ""))
    found = document[key]
    if key in ("inputs", "outputs"):
        if len(specs) == 1 and not (isinstance(found, dict) and set(specs) <= found.keys()):
            found = dict.fromkeys(specs, found)
        if not isinstance(found, dict):
            raise CodecError(f"the body has no tensors by name under {key!r}, but one: it should have {list(specs)}")
        columns = {name: found.get(name) for name in specs}
    else:
        columns = _columns(found, key, specs)
    return {name: tensor_of(column, specs[name], name) for name, column in columns.items()}


def _columns(rows: Any, key: str, specs: Mapping[str, TensorSpec]) -> dict[str, Any]:
    if not isinstance(rows, list):
        raise CodecError(f"the body has no list {key!r}")
    named = bool(rows) and isinstance(rows[0], dict) and set(specs) <= rows[0].keys()
    if len(specs) == 1 and not named:
        return dict.fromkeys(specs, rows)
    try:
        return {name: [row[name] for row in rows] for name in specs}
    except (KeyError, TypeError):
        has = sorted(rows[0]) if rows and isinstance(rows[0], dict) else "plain values"
        raise CodecError(f"the rows under {key!r} are not objects with {list(specs)}: they hold {has}") from None


def tensor_of(value: Any, spec: TensorSpec, name: str) -> Tensor:
    """Return a nested list as an array of ``spec``'s dtype.

    Raises:
        CodecError: ragged lists, values that are no numbers (``null`` too), integers that the dtype cannot hold.
    """
    if spec.dtype == STRING:
        try:
            return _strings_of(value, name)
        except RecursionError:
            raise CodecError(f"tensor {name!r} is nested too deeply") from None
    dtype = spec.numpy_dtype
    try:
        tensor = np.array(value, dtype=dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise CodecError(f"tensor {name!r} is no tensor of {dtype.name}: {error}") from error
    # numpy turns None into NaN without a word; the server refuses null, so a tensor must not come of it.
    if dtype.kind not in "iubO" and np.isnan(tensor).any() and _holds_none(value):
        raise CodecError(
            f"tensor {name!r} holds null: this codec writes NaN and infinities as null, which is no number"
        )
    return tensor


def _holds_none(value: Any) -> bool:
    return any(map(_holds_none, value)) if isinstance(value, list) else value is None


def json_value(tensor: Tensor) -> Any:
    """Return a tensor as nested lists of what JSON has: numbers, text, ``{"b64": …}`` for strings that are no UTF-8.

    Raises:
        CodecError: objects that are no strings.
    """
    if tensor.dtype.kind not in "OSU":
        return tensor.tolist()
    texts = np.empty(tensor.shape, dtype=object)
    flat = texts.reshape(-1)
    for position, item in enumerate(tensor.reshape(-1).tolist()):
        flat[position] = item if isinstance(item, str) else _json_text(item)
    return flat.reshape(tensor.shape).tolist()


def _json_text(item: object) -> Any:
    if not isinstance(item, bytes):
        raise CodecError(f"an array of {type(item).__name__} is no tensor: give it a numeric dtype, or bytes")
    try:
        return item.decode("utf-8")
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(item).decode("ascii")}


def _strings_of(value: Any, name: str) -> Tensor:
    try:
        return strings_of_json(value)
    except (TypeError, ValueError) as error:
        raise CodecError(f"tensor {name!r} is none of strings: {error}") from None


def read_request_json(body: bytes, key: str, call: Call) -> dict[str, Tensor]:
    """Server's half of every codec that sends numbers: parse as TensorFlow Serving would, exactly rounded."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CodecError(f"the request is not JSON: {error}") from error
    return take_apart(document, key, call.inputs)


def write_answer(tensors: Tensors, key: str) -> bytes:
    """Return the response TensorFlow Serving gives: shortest text per number, non-finite values bare.

    White space is the server's for a single tensor in row format (one line) and in columnar format (each number on a
    line of its own); rows of several outputs are laid out more tightly than the server's.

    Raises:
        CodecError: dtypes that TensorFlow Serving does not write as JSON numbers, or unequal batches in row format.
    """
    texts = {name: _text(name, tensor) for name, tensor in tensors.items()}
    if key == "outputs":
        parts = [
            (b'"%s": ' % name.encode() if len(texts) > 1 else b"") + _spread(texts[name], 1 + (len(texts) > 1))
            for name in texts
        ]
        inner = b",\n        ".join(parts)
        if len(texts) > 1:
            inner = b"{\n        %s\n    }" % inner
        return b'{\n    "outputs": %s\n}' % inner
    if len(texts) == 1:
        (text,) = texts.values()
        return b'{\n    "predictions": %s\n    ]\n}' % text.rstrip()[:-1]
    sizes = {len(tensor) if tensor.ndim else -1 for tensor in tensors.values()}
    if len(sizes) != 1 or -1 in sizes:
        raise CodecError("the row format needs one batch size for all outputs: use the columnar format")
    rows = [
        b", ".join(b'"%s": %s' % (name.encode(), _text(name, tensor[row])) for name, tensor in tensors.items())
        for row in range(sizes.pop())
    ]
    return b'{\n    "predictions": [%s\n    ]\n}' % b", ".join(b"{%s}" % row for row in rows)


def _text(name: str, tensor: Tensor) -> bytes:
    """Return a tensor's JSON on one line."""
    import orjson

    tensor = np.asarray(tensor)
    if tensor.dtype.kind in "OSU":
        texts = json_value(tensor)
        if name.endswith("_bytes"):
            texts = _as_b64(tensor).tolist()
        return orjson.dumps(texts)
    if tensor.dtype.kind not in "fiub":
        raise CodecError(f"{tensor.dtype.name} has no numbers in JSON")
    if not tensor.ndim:
        return _text(name, tensor.reshape(1))[1:-1]
    text = orjson.dumps(np.ascontiguousarray(tensor), option=orjson.OPT_SERIALIZE_NUMPY)
    if tensor.dtype.kind == "f":
        odd = tensor[~np.isfinite(tensor)].tolist()
        if odd:
            tokens = [b"NaN" if x != x else b"Infinity" if x > 0 else b"-Infinity" for x in odd]
            gaps = text.split(b"null")
            text = b"".join(part for pair in zip(gaps, [*tokens, b""], strict=True) for part in pair)
    return text


def _as_b64(tensor: Tensor) -> Tensor:
    wrapped = np.empty(tensor.shape, dtype=object)
    flat = wrapped.reshape(-1)
    for position, item in enumerate(tensor.reshape(-1).tolist()):
        raw = item if isinstance(item, bytes) else str(item).encode()
        flat[position] = {"b64": base64.b64encode(raw).decode("ascii")}
    return wrapped


def _spread(text: bytes, level: int) -> bytes:
    """Put every number of a one-line JSON array on a line of its own, as the server's pretty writer does."""
    if not text.startswith(b"[") or b'"' in text:
        return text
    pad = b"\n" + b"    " * level
    return text.replace(b",", b"," + pad).replace(b"[", b"[" + pad).replace(b"]", pad + b"]")
