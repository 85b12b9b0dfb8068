"""ModelSpec: which model, version and signature a request asks for, or an answer comes from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from serlab.errors import CodecError, WireError
from serlab.wire.fields import LENGTH, VARINT, Buffer, length_field, read_field, read_signed, read_string, varint

_NAME, _VERSION, _SIGNATURE, _LABEL = (number << 3 | LENGTH for number in (1, 2, 3, 4))
_VALUE = 1 << 3 | VARINT  # of google.protobuf.Int64Value
_INT64 = range(-(1 << 63), 1 << 63)
_SHORT_SPEC = 256  # bytes; longer ones are too rare to keep


@dataclass(frozen=True)
class ModelSpec:
    """``version`` and ``label`` exclude each other: None where the other, or neither, was given.

    An empty ``signature`` means ``serving_default`` to TensorFlow Serving.
    """

    name: str = ""
    signature: str = ""
    version: int | None = None
    label: str | None = None


def write_model_spec(spec: ModelSpec) -> bytes:
    """The content of a ModelSpec message, fields in the order of their numbers.

    Raises CodecError for a version together with a label, for a version outside int64, and for text that has no UTF-8.
    """
    if spec.version is not None and spec.label is not None:
        raise CodecError("a model's version and its version label exclude each other: give one")
    out = length_field(1, utf8(spec.name)) if spec.name else b""
    if spec.version is not None:
        if spec.version not in _INT64:
            raise CodecError(f"model version {spec.version} is not a 64-bit integer")
        out += length_field(2, b"\x08" + varint(spec.version) if spec.version else b"")
    if spec.signature:
        out += length_field(3, utf8(spec.signature))
    if spec.label is not None:
        out += length_field(4, utf8(spec.label))
    return out


def utf8(text: str) -> bytes:
    """``text`` as protobuf strings are written. Raises CodecError where it has no UTF-8 (lone surrogates)."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise CodecError(f"{text!r} cannot be written as UTF-8: it holds half a character") from None


EMPTY_SPEC = ModelSpec()


def read_model_spec(body: Buffer, pos: int, end: int, before: ModelSpec = EMPTY_SPEC) -> ModelSpec:
    """The ModelSpec between two positions, merged into the one ``before`` it, as protobuf merges repeated messages."""
    if before is EMPTY_SPEC and end - pos <= _SHORT_SPEC:
        try:
            return _read_short_spec(bytes(body[pos:end]))
        except WireError:  # read once more where it stands, for the position in the body
            pass
    return _read_spec(body, pos, end, before)


@lru_cache(maxsize=256)
def _read_short_spec(spec: bytes) -> ModelSpec:
    # A server answers with the same few bytes every time.
    return _read_spec(spec, 0, len(spec), EMPTY_SPEC)


def _read_spec(body: Buffer, pos: int, end: int, before: ModelSpec) -> ModelSpec:
    name, signature, version, label = before.name, before.signature, before.version, before.label
    while pos < end:
        tag, start, pos = read_field(body, pos, end, depth=1)
        if tag == _NAME:
            name = read_string(body, start, pos)
        elif tag == _SIGNATURE:
            signature = read_string(body, start, pos)
        elif tag == _LABEL:
            label, version = read_string(body, start, pos), None
        elif tag == _VERSION:
            version, label = _read_int64(body, start, pos, version or 0), None
    return ModelSpec(name, signature, version, label)


def _read_int64(body: Buffer, pos: int, end: int, value: int) -> int:
    """An Int64Value merged into one that holds ``value``."""
    while pos < end:
        tag, start, pos = read_field(body, pos, end, depth=2)
        if tag == _VALUE:
            value = read_signed(body, start, pos)
    return value
