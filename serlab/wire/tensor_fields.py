"""One TensorProto taken apart: where its numbers are, not yet which numbers they are."""

from __future__ import annotations

from functools import lru_cache

from serlab.errors import WireError
from serlab.wire.dtypes import FIELDS
from serlab.wire.fields import FIXED32, FIXED64, LENGTH, VARINT, Buffer, read_field, read_signed, read_string
from serlab.wire.other_messages import TENSOR_OTHERS, check_field
from serlab.wire.unpacked import ROW_STARTS, fixed_row, varint_row
from serlab.wire.varints import check_varints

_DTYPE, _SHAPE, _CONTENT = 1 << 3 | VARINT, 2 << 3 | LENGTH, 4 << 3 | LENGTH
_DIM, _DIM_SIZE, _DIM_NAME = 2 << 3 | LENGTH, 1 << 3 | VARINT, 2 << 3 | LENGTH
_STRING = 8 << 3 | LENGTH
# Tag of a typed field's packed form: its number, and what its length is a multiple of. A known field that comes with
# any other wire type is an unknown field to protobuf.
_PACKED = {
    number << 3 | LENGTH: (number, field.item.itemsize if field.kind == "fixed" else 1)
    for number, field in FIELDS.items()
    if field.kind != "bytes"
}
_WIRE_TYPES = {("varint", size): VARINT for size in (1, 4, 8)} | {("fixed", 4): FIXED32, ("fixed", 8): FIXED64}
_UNPACKED = {
    number << 3 | _WIRE_TYPES[field.kind, field.item.itemsize]
    for number, field in FIELDS.items()
    if field.kind != "bytes"
}
_SHORT_SHAPE = 64  # bytes; longer ones are too rare to keep


# Where the first values of a typed field stand, and all of them as one packed run: the chunk itself where there is but
# one, else a copy of what the chunks and unpacked values stand for.
Run = tuple[int, memoryview | bytearray]


class TensorFields:
    """The fields of a TensorProto. Read twice into the same object they merge, as protobuf merges messages."""

    __slots__ = ("content", "content_offset", "dtype", "offset", "runs", "shape", "strings", "unpacked")

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.dtype = 0
        self.shape: list[int] = []
        self.content: memoryview | None = None
        self.content_offset = 0
        self.runs: dict[int, Run] = {}
        self.strings: list[bytes] = []
        self.unpacked = False

    def read(self, body: Buffer, view: memoryview, pos: int, end: int, depth: int) -> None:
        """Read the message between two positions of ``body``, of which ``view`` is a memoryview.

        Raises WireError where protobuf would refuse the message; the numbers inside packed varints are looked at later.
        """
        row, previous = 0, 0
        while pos < end:
            at = pos
            tag, start, pos = read_field(body, pos, end, depth)
            if tag == _DTYPE:
                self.dtype = read_signed(body, start, pos, bits=32)
            elif tag == _SHAPE:
                self.shape.extend(_read_shape(body, start, pos, depth + 1))
            elif tag == _CONTENT:
                self.content, self.content_offset = view[start:pos], start
            elif tag in _PACKED:
                number, size = _PACKED[tag]
                if (pos - start) % size:
                    raise WireError("packed values cut off", offset=start, expected=f"a multiple of {size} bytes")
                if pos > start:
                    self._keep(number, start, view[start:pos])
            elif tag == _STRING:
                self.strings.append(bytes(body[start:pos]))
            elif tag in _UNPACKED:
                row = row + 1 if tag == previous and row < ROW_STARTS else 0
                values = view[start:pos]
                if row == ROW_STARTS:
                    values, pos = _read_row(body, at, end, bytes(body[at:start]), tag)
                self._keep(tag >> 3, start, values)
                self.unpacked = True
            else:
                check_field(body, tag, start, pos, TENSOR_OTHERS, depth)
            previous = tag

    def _keep(self, number: int, offset: int, values: memoryview) -> None:
        if number not in self.runs:
            self.runs[number] = offset, values
            return
        first, run = self.runs[number]
        if FIELDS[number].kind == "varint" and (run[-1] > 127 or values[-1] > 127):
            raise WireError("truncated number", offset=offset, expected="chunks that end with a number")
        if isinstance(run, memoryview):
            run = bytearray(run)
            self.runs[number] = first, run
        run += values

    def check_runs(self, except_for: int = 0) -> None:
        """Raises WireError where a varint field, but for the one named, is not whole varints."""
        for number, (offset, run) in self.runs.items():
            if number != except_for and FIELDS[number].kind == "varint":
                check_varints(run, offset=offset)


def _read_row(body: Buffer, pos: int, end: int, tag_bytes: bytes, tag: int) -> tuple[memoryview, int]:
    if tag & 7 == VARINT:
        values, pos = varint_row(body, pos, end, tag_bytes)
    else:
        values, pos = fixed_row(body, pos, end, tag_bytes, FIELDS[tag >> 3].item.itemsize)
    return memoryview(values), pos


def _read_shape(body: Buffer, pos: int, end: int, depth: int) -> tuple[int, ...]:
    """The sizes of a TensorShapeProto's dimensions. ``unknown_rank`` says nothing about a tensor that is there."""
    if end - pos <= _SHORT_SHAPE:
        try:
            return _read_short_shape(bytes(body[pos:end]), depth)
        except WireError:  # read once more where it stands, for the position in the body
            pass
    return _read_dims(body, pos, end, depth)


@lru_cache(maxsize=256)
def _read_short_shape(shape: bytes, depth: int) -> tuple[int, ...]:
    # Shapes repeat from message to message, and take longer to read than all other fields together.
    return _read_dims(shape, 0, len(shape), depth)


def _read_dims(body: Buffer, pos: int, end: int, depth: int) -> tuple[int, ...]:
    sizes = []
    while pos < end:
        tag, start, pos = read_field(body, pos, end, depth)
        if tag == _DIM:
            sizes.append(_read_dim(body, start, pos, depth + 1))
    return tuple(sizes)


def _read_dim(body: Buffer, pos: int, end: int, depth: int) -> int:
    size = 0
    while pos < end:
        tag, start, pos = read_field(body, pos, end, depth)
        if tag == _DIM_SIZE:
            size = read_signed(body, start, pos)
        elif tag == _DIM_NAME:
            read_string(body, start, pos)
    return size
