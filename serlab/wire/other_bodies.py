"""Bodies that are no protobuf: arrays in numpy's files, REST's JSON, and what else people take for a body."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from serlab.errors import WireError
from serlab.wire.inspect import MessageAnatomy, TensorAnatomy
from serlab.wire.model_spec import ModelSpec

#: The member that holds the tensors, in which body, in which format.
_MEMBERS = (
    ("instances", "request", "row"),
    ("inputs", "request", "columnar"),
    ("predictions", "answer", "row"),
    ("outputs", "answer", "columnar"),
)


def read_npz(body: bytes) -> MessageAnatomy | None:
    """Read a file of named arrays; None for another file. Raises WireError for one that cannot be read."""
    if not body.startswith(b"PK\x03\x04"):
        return None
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as file:
            tensors = tuple(_array(name, file[name]) for name in file.files)
    except Exception as error:  # zipfile and numpy raise what they meet
        raise WireError(f"a zip file that is no .npz of arrays: {error}") from error
    return MessageAnatomy(".npz file", len(body), ModelSpec(), (), tensors)


def read_npy(body: bytes) -> MessageAnatomy | None:
    """Read a file of one array; None for another file. Raises WireError for one that cannot be read."""
    if not body.startswith(b"\x93NUMPY"):
        return None
    try:
        array = np.load(io.BytesIO(body), allow_pickle=False)
    except Exception as error:  # as above
        raise WireError(f"an .npy file that cannot be read: {error}") from error
    return MessageAnatomy(".npy file", len(body), ModelSpec(), (), (_array("", array),))


def _array(name: str, array: Any, size: int | None = None) -> TensorAnatomy:
    data = array.nbytes if size is None else size
    kind = str(array.dtype) if array.dtype.kind != "O" else "values of several kinds"
    return TensorAnatomy(name, kind, array.shape, None, "", array.size, array.size, data, array=array)


def read_json(body: bytes) -> MessageAnatomy | None:
    """Read a REST request or answer; None for what is no JSON. Raises WireError for other JSON.

    A tensor's data are the characters that spell it, without spaces.
    """
    if body.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WireError(f"JSON that does not parse: {error}") from error
    for member, kind, rows in _MEMBERS:
        if isinstance(document, dict) and member in document:
            columns = _columns(document[member], rows == "row")
            tensors = tuple(
                _array(name, _as_array(column), len(json.dumps(column, separators=(",", ":"))))
                for name, column in columns.items()
            )
            signature = str(document.get("signature_name", ""))
            message = f"REST {kind}, {rows} format"
            return MessageAnatomy(message, len(body), ModelSpec(signature=signature), (), tensors)
    said = f": it says {document['error']!r}" if isinstance(document, dict) and "error" in document else ""
    raise WireError(
        f"JSON that is no body of TensorFlow Serving's REST API{said}",
        expected="a member instances, inputs, predictions or outputs",
    )


def _columns(value: Any, rows: bool) -> dict[str, Any]:
    named = isinstance(value, list) and value and all(isinstance(row, dict) and set(row) != {"b64"} for row in value)
    if rows and named:
        names: Iterable[str] = dict.fromkeys(name for row in value for name in row)
        return {name: [row.get(name) for row in value] for name in names}
    if isinstance(value, dict) and set(value) != {"b64"}:
        return value
    return {"": value}


def _as_array(value: Any) -> Any:
    try:
        array = np.asarray(value)
    except ValueError:  # rows of several lengths
        array = np.empty(len(value), object)
        array[:] = value
    return array


#: What files begin with that people take for a body.
_BEGINNINGS = {
    b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image",
    b"RIFF": "a RIFF file (WebP, WAV)",
    b"%PDF": "a PDF document", b"\x89HDF": "an HDF5 file (a Keras model?)", b"\x80\x04": "a Python pickle",
    b"\x80\x05": "a Python pickle", b"<": "HTML or XML", b"HTTP/": "an HTTP answer, head and all",
    b"POST ": "an HTTP request, head and all", b"PRI * HTTP/2": "an HTTP/2 connection", b"\x16\x03": "a TLS connection",
}  # fmt: skip


def seems(body: bytes) -> str:
    """Return what bytes seem to be that are no message, "" where nothing tells."""
    if not body:
        return "the file is empty"
    start = body.lstrip()[:16]
    for beginning, what in _BEGINNINGS.items():
        if start.startswith(beginning):
            return f"it seems to be {what}"
    try:
        text = body[:200].decode()
    except UnicodeDecodeError:
        return ""
    return f"it seems to be text: {text[:40]!r}" if text.isprintable() or "\n" in text else ""
