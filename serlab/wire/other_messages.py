"""Messages that a PredictRequest or a tensor may hold and that serlab has no use for.

They are skipped, but only once they are known to be sound: protobuf refuses a message for a fault anywhere in it,
and so does serlab. Field numbers: ``resource_handle.proto`` and ``tensor.proto`` of TensorFlow 2.21, ``predict.proto``
of TensorFlow Serving 2.21.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from serlab.errors import WireError
from serlab.wire.dtypes import FIELDS
from serlab.wire.fields import LENGTH, Buffer, check_depth, read_field, read_string
from serlab.wire.varints import check_varints


@dataclass
class Schema:
    """What of a message's fields has a form of its own: the rest are plain numbers and byte strings."""

    strings: frozenset[int] = frozenset()
    packed_varints: frozenset[int] = frozenset()
    packed_fixed: dict[int, int] = field(default_factory=dict)
    messages: dict[int, Schema] = field(default_factory=dict)


_DIM = Schema(strings=frozenset({2}))
_SHAPE = Schema(messages={2: _DIM})
_RESOURCE = Schema(strings=frozenset({1, 2, 3, 5}), messages={6: Schema(messages={2: _SHAPE})})
_VARIANT = Schema(strings=frozenset({1}))
_TENSOR = Schema(
    packed_varints=frozenset(number for number, typed in FIELDS.items() if typed.kind == "varint"),
    packed_fixed={number: typed.item.itemsize for number, typed in FIELDS.items() if typed.kind == "fixed"},
    messages={2: _SHAPE, 14: _RESOURCE, 15: _VARIANT},
)
_VARIANT.messages[3] = _TENSOR  # a variant holds tensors, which may hold variants

_STREAMED_OPTIONS = Schema(messages={2: Schema(strings=frozenset({1}))})
_REQUEST_OPTIONS = Schema(packed_varints=frozenset({4}), messages={13: Schema()})

TENSOR_OTHERS = Schema(messages={14: _RESOURCE, 15: _VARIANT})
REQUEST_OTHERS = Schema(messages={5: _STREAMED_OPTIONS, 7: _REQUEST_OPTIONS})


def check_field(body: Buffer, tag: int, start: int, stop: int, schema: Schema, depth: int) -> None:
    """Raises WireError where a field of a message that follows ``schema`` is not what protobuf accepts.

    ``depth`` is that of the message around the field.
    """
    if tag & 7 != LENGTH:
        return
    number = tag >> 3
    if number in schema.messages:
        check_message(body, start, stop, schema.messages[number], depth + 1)
    elif number in schema.strings:
        read_string(body, start, stop)
    elif number in schema.packed_varints:
        check_varints(memoryview(body)[start:stop], offset=start)
    elif (stop - start) % schema.packed_fixed.get(number, 1):
        raise WireError("packed values cut off", offset=start, expected="a whole number of values")


def check_message(body: Buffer, pos: int, end: int, schema: Schema, depth: int) -> None:
    """Raises WireError where the message between two positions is not one that protobuf accepts."""
    check_depth(pos, depth)
    while pos < end:
        tag, start, pos = read_field(body, pos, end, depth)
        check_field(body, tag, start, pos, schema, depth)
