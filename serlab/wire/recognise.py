"""What a file of bytes is: which message, in which wrapping, or what it seems to be instead."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from dataclasses import replace

from serlab.errors import WireError
from serlab.wire.dtypes import FIELDS
from serlab.wire.examples import CLASSES, EXAMPLES, REGRESSIONS, classes_anatomy, examples_anatomy, regressions_anatomy
from serlab.wire.fields import LENGTH, VARINT, Buffer, read_field
from serlab.wire.inspect import MessageAnatomy, predict_anatomy, tensor_anatomy
from serlab.wire.model_spec import ModelSpec
from serlab.wire.other_bodies import read_json, read_npy, read_npz, seems
from serlab.wire.predict import REQUEST, RESPONSE
from serlab.wire.tensor_arrays import Rules
from serlab.wire.tensor_fields import TensorFields

#: A compressed body is opened up to this size; more is no request that anybody sends.
MAX_INFLATED_BYTES = 1 << 30
#: gRPC's frame, "Length-Prefixed-Message": compressed or not (1 byte), the length (4 bytes, big-endian), the message.
_FRAME_BYTES = 5

TENSOR = "TensorProto"


def _tensor(body: bytes) -> MessageAnatomy:
    fields = TensorFields(0)
    fields.read(body, memoryview(body), 0, len(body), 0)
    return MessageAnatomy(TENSOR, len(body), ModelSpec(), (), (tensor_anatomy("", fields, Rules.SERVER),))


#: Each message: how it is taken apart, and which of its fields are length-delimited. A TensorProto has others besides.
_MESSAGES: dict[str, tuple[Callable[[bytes], MessageAnatomy], frozenset[int]]] = {
    "PredictRequest": (lambda body: predict_anatomy(body, REQUEST), frozenset({1, 2, 3, 5, 7})),
    "PredictResponse": (lambda body: predict_anatomy(body, RESPONSE), frozenset({1, 2})),
    TENSOR: (_tensor, frozenset({2, 4, 8, 14, 15, *FIELDS})),
    EXAMPLES: (examples_anatomy, frozenset({1, 2})),
    CLASSES: (classes_anatomy, frozenset({1, 2})),
    REGRESSIONS: (regressions_anatomy, frozenset({1, 2})),
}
#: What ``--as`` calls them.
NAMES = {
    "request": "PredictRequest", "response": "PredictResponse", "tensor": TENSOR, "examples": EXAMPLES,
    "classes": CLASSES, "regressions": REGRESSIONS,
}  # fmt: skip


def inspect_message(body: Buffer, message: str | None = None) -> MessageAnatomy:
    """Take a file apart that holds a message of TensorFlow Serving's, also within gRPC's frame or gzip, an .npz or .npy
    file, or a REST body. Without ``message``, the one that explains most of the bytes.

    Raises WireError for anything else, saying what it seems to be.
    """
    data = bytes(body)
    if message is not None:
        return _as(data, message)
    for read in (read_npz, read_npy, read_json, _unwrapped):
        found = read(data)
        if found is not None:
            return found
    return _protobuf(data)


def _as(body: bytes, message: str) -> MessageAnatomy:
    try:
        return _MESSAGES[message][0](body)
    except WireError as error:
        raise WireError(f"{len(body)} bytes that are not a {message}: {error}") from error


def _protobuf(body: bytes) -> MessageAnatomy:
    found: list[tuple[tuple[int, int, int], MessageAnatomy]] = []
    faults: list[str] = []
    for name, (read, lengths) in _MESSAGES.items():
        try:
            anatomy = read(body)
            strange = _strange_bytes(body, lengths, tensor=name == TENSOR)
        except WireError as error:
            faults.append(f"{name}: {error}")
            continue
        told = anatomy.data_bytes or anatomy.model.name or any(tensor.shape for tensor in anatomy.tensors)
        # Field numbers coincide: a version can be read as a dtype, an example as a name. Data and shapes tell.
        if told and strange * 2 < max(1, len(body)):
            ranks = sum(len(tensor.shape) for tensor in anatomy.tensors)
            known = sum(not tensor.dtype.isdigit() and tensor.dtype != "DT_INVALID" for tensor in anatomy.tensors)
            found.append(((-strange, anatomy.data_bytes, ranks + known), anatomy))
    if found:
        return max(found, key=lambda each: each[0])[1]
    what = seems(body) or (faults[0] if faults else "they say nothing")
    raise WireError(
        f"{len(body)} bytes that are no message of TensorFlow Serving's: {what}",
        expected="a PredictRequest, PredictResponse, TensorProto, or a classification or regression message",
    )


def _strange_bytes(body: bytes, lengths: frozenset[int], *, tensor: bool) -> int:
    """Count the bytes of top-level fields that the message does not have."""
    strange = position = 0
    while position < len(body):
        begin = position
        tag, _, position = read_field(body, position, len(body), 0)
        number, kind = tag >> 3, tag & 7
        known = number in lengths and kind == LENGTH
        if tensor:
            known = known or (number in (1, 3) and kind == VARINT) or (number in FIELDS and kind != LENGTH)
        strange += 0 if known else position - begin
    return strange


def _unwrapped(body: bytes) -> MessageAnatomy | None:
    """Read what is within gRPC's frame or gzip; None for neither."""
    if body[:2] == b"\x1f\x8b":
        return replace(inspect_message(_inflated(body)), wrapped="gzip")
    size = int.from_bytes(body[1:_FRAME_BYTES], "big")
    if len(body) >= _FRAME_BYTES and body[0] in (0, 1) and size == len(body) - _FRAME_BYTES and size:
        inner = body[_FRAME_BYTES:]
        compressed = body[0] == 1
        found = inspect_message(_inflated(inner) if compressed else inner)
        return replace(found, wrapped="a compressed gRPC frame" if compressed else "a gRPC frame")
    return None


def _inflated(body: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as stream:
            data = stream.read(MAX_INFLATED_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise WireError(f"gzip that cannot be inflated: {error}") from error
    if len(data) > MAX_INFLATED_BYTES:
        raise WireError(f"gzip of more than {MAX_INFLATED_BYTES:,} bytes")
    return data
