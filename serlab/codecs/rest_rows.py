"""TensorFlow Serving's JSON in row format, shared by the REST codecs.

A request is ``{"signature_name": …, "instances": [row, …]}``, a response ``{"predictions": [row, …]}`` with one row
per element of the first dimension (https://www.tensorflow.org/tfx/serving/api_rest). The server writes ``NaN``,
``Infinity`` and ``-Infinity`` bare, which is not JSON.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from serlab.codecs.base import Body, Call, Tensor
from serlab.errors import CodecError


def request_head(call: Call) -> bytes:
    """Return the request up to the array of rows, for codecs that append the rows' bytes and ``}``."""
    return b'{"signature_name":%s,"instances":' % json.dumps(call.signature).encode()


def rows_of(document: Any, key: str, call: Call) -> Any:
    """Return the rows under ``key``; of a model with several outputs, those of ``call.output``.

    Raises:
        CodecError: the server answered an error, or something that has no such rows.
    """
    if not isinstance(document, dict) or not isinstance(document.get(key), list):
        reason = document.get("error") if isinstance(document, dict) else None
        raise CodecError(f"the body has no list {key!r}" + (f": the server says {reason!r}" if reason else ""))
    rows = document[key]
    if rows and isinstance(rows[0], dict) and call.output in rows[0]:
        return [row[call.output] for row in rows]
    return rows


def tensor_of(rows: Any, call: Call) -> Tensor:
    """Return nested lists as an array of ``call.dtype``.

    Raises:
        CodecError: ragged lists, values that are no numbers (``null`` too), integers that the dtype cannot hold.
    """
    try:
        tensor = np.array(rows, dtype=call.dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise CodecError(f"the rows are not a tensor of {call.dtype.name}: {error}") from error
    # numpy turns None into NaN without a word; the server refuses null, so a tensor must not come of it.
    if call.dtype.kind not in "iubO" and np.isnan(tensor).any() and _holds_none(rows):
        raise CodecError("the rows hold null: this codec writes NaN and infinities as null, which is no number")
    return tensor


def _holds_none(rows: Any) -> bool:
    return any(map(_holds_none, rows)) if isinstance(rows, list) else rows is None


def read_request_rows(body: Body, call: Call) -> Tensor:
    """Server's half of every codec that sends numbers: parse as TensorFlow Serving would, exactly rounded."""
    try:
        document = json.loads(body)
    except ValueError as error:
        raise CodecError(f"the request is not JSON: {error}") from error
    return tensor_of(rows_of(document, "instances", call), call)


def write_predictions(tensor: Tensor) -> Body:
    """Return the response TensorFlow Serving gives for ``tensor``: shortest text per number, non-finite values bare.

    Raises:
        CodecError: dtypes that TensorFlow Serving does not write as JSON numbers.
    """
    import orjson

    if tensor.dtype.kind not in "fiub":
        raise CodecError(f"{tensor.dtype.name} has no numbers in JSON")
    rows = orjson.dumps(np.ascontiguousarray(tensor), option=orjson.OPT_SERIALIZE_NUMPY)
    if tensor.dtype.kind == "f":
        odd = tensor[~np.isfinite(tensor)].tolist()
        if odd:
            tokens = [b"NaN" if x != x else b"Infinity" if x > 0 else b"-Infinity" for x in odd]
            gaps = rows.split(b"null")
            rows = b"".join(part for pair in zip(gaps, [*tokens, b""], strict=True) for part in pair)
    return b'{\n    "predictions": %s\n    ]\n}' % rows[:-1]
