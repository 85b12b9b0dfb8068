"""Runs of varints read and written with numpy, never one Python object per number.

A varint holds seven bits a byte, lowest first; every byte but the last has its high bit set. A run is read in blocks
that stay in the processor's cache, by the widest number in the block: one byte each is a plain widening; up to three
bytes are gathered one at a time; wider ones as eight bytes at once, whose seven-bit groups are then pushed together in
three steps (7 -> 14 -> 28 -> 56 bits).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.errors import WireError
from serlab.wire.fields import Buffer

MAX_WIDTH = 10  # bytes of a 64-bit varint; protobuf reads no more
BLOCK_NUMBERS = 16_384  # some 8 bytes each in temporaries: more fall out of the cache, fewer cost calls
_SAMPLE_BYTES = 4096  # of the run's front: tells how many bytes a number takes, and so a block
_GUARD = 16  # bytes past a block that an eight-byte read, and the two bytes after it, may touch

Bytes = NDArray[np.uint8]
Positions = NDArray[np.intp]

_LOW7, _HIGH_BIT = np.uint8(127), np.uint8(128)
# The data bits of a number's first eight bytes, by its width - 1.
_GROUPS = np.array(
    [0x7F7F7F7F7F7F7F7F & ((1 << (8 * min(width, 8))) - 1) for width in range(1, MAX_WIDTH + 1)], dtype=np.uint64
)
_ODD_7 = np.uint64(0x7F007F007F007F00)
_STEPS = tuple(  # (for numbers wider than this, groups to move down, groups that stay, by how many bits)
    (width, np.uint64(move), np.uint64(stay), np.uint64(shift))
    for width, move, stay, shift in (
        (2, 0x3FFF00003FFF0000, 0x00003FFF00003FFF, 2),
        (4, 0x0FFFFFFF00000000, 0x000000000FFFFFFF, 4),
    )
)


def read_varints(run: Buffer, out: NDArray[Any], item: np.dtype[Any], *, offset: int, exact: bool) -> int:
    """Read the numbers of ``run`` into the front of ``out`` (1-d) and return how many there were.

    ``item`` is the protobuf scalar: numbers are cut to its bits, as protobuf does. What then does not fit ``out``'s
    dtype, and numbers beyond the end of ``out``, raise WireError with ``exact``; otherwise they wrap, and are left
    out. ``offset`` is where ``run`` stands in the body. Raises WireError for a run that is not whole varints.
    """
    count = 0
    for start, block in _blocks(run, offset):
        numbers = _read_block(block, start)
        room = len(out) - count
        if exact and len(numbers) > room:
            raise WireError("more values than the shape has elements", offset=start, expected=f"{len(out)} values")
        if room > 0:
            out[count : count + len(numbers)] = _cut(numbers[:room], item, out.dtype, start, exact)
        count += len(numbers)
    return count


def check_varints(run: Buffer, *, offset: int) -> None:
    """Raises WireError for a run that is not whole varints of at most MAX_WIDTH bytes."""
    for start, block in _blocks(run, offset):
        ends = (block < 128).nonzero()[0]
        widths = np.diff(ends, prepend=-1)
        if widths.max() > MAX_WIDTH:
            raise _too_wide(start + int(ends[np.argmax(widths)]) - int(widths.max()) + 1)


def _blocks(run: Buffer, offset: int) -> Iterator[tuple[int, Bytes]]:
    """The run in blocks of whole varints, each with its position in the body."""
    data = np.frombuffer(run, np.uint8)
    size = len(data)
    if size and data[-1] > 127:
        raise WireError("truncated number", offset=offset + size - 1, expected="the last byte of a number")
    step = max(BLOCK_NUMBERS, MAX_WIDTH)
    if size > step:
        sample = data[:_SAMPLE_BYTES]
        width = len(sample) / max(int(np.count_nonzero(sample < 128)), 1)
        step = int(step * min(width, MAX_WIDTH))
    pos = 0
    while pos < size:
        stop = min(pos + step, size)
        for _ in range(MAX_WIDTH):
            if data[stop - 1] < 128:
                break
            stop -= 1
        else:
            raise _too_wide(offset + stop)
        yield offset + pos, data[pos:stop]
        pos = stop


def _read_block(block: Bytes, offset: int) -> NDArray[Any]:
    if block.tobytes().isascii():
        return block
    last = block < 128
    ends = last.nonzero()[0]
    if len(block) <= 2 * len(ends):
        going_on = ~last
        if not np.count_nonzero(going_on[1:] & going_on[:-1]):
            return _read_pairs(block, going_on, ends)
    starts = np.empty_like(ends)
    starts[0] = 0
    np.add(ends[:-1], 1, out=starts[1:])
    more = ends - starts  # bytes after the first
    widest = int(more.max()) + 1
    if widest > MAX_WIDTH:
        raise _too_wide(offset + int(starts[np.argmax(more)]))
    padded = np.zeros(len(block) + _GUARD, np.uint8)
    padded[: len(block)] = block
    if widest <= 3:
        return _read_triples(padded, starts, more.astype(np.uint8))
    return _read_wide(padded, starts, more, widest)


def _read_pairs(block: Bytes, going_on: NDArray[np.bool_], ends: Positions) -> NDArray[np.uint16]:
    """Numbers of one or two bytes: each byte joined with the one before it, then the ends picked out."""
    value = block.astype(np.uint16)
    value[1:] <<= going_on[:-1].view(np.uint8) * np.uint8(7)
    value[1:] |= (np.maximum(block, _HIGH_BIT) - _HIGH_BIT)[:-1]
    return value.take(ends)


def _read_triples(padded: Bytes, starts: Positions, more: Bytes) -> NDArray[np.uint32]:
    """Numbers of at most three bytes, each byte gathered for all numbers."""
    first = padded.take(starts) & _LOW7
    second = (padded.take(starts + 1) & _LOW7) * (more > 0).view(np.uint8)
    third = padded.take(starts + 2) * (more > 1).view(np.uint8)
    value = third.astype(np.uint32)
    value <<= np.uint32(14)
    value |= first | second.astype(np.uint16) << np.uint16(7)
    return value


def _read_wide(padded: Bytes, starts: Positions, more: Positions, widest: int) -> NDArray[np.uint64]:
    """Numbers of any width, from the eight bytes that start at each, and the bits 56 to 63 from the two after them."""
    words: NDArray[np.uint64] = np.ndarray(len(padded) - 7, "<u8", buffer=padded, strides=(1,))
    value = words[starts]
    value &= _GROUPS.take(more)
    moved = value & _ODD_7
    moved >>= np.uint64(1)
    value -= moved  # taking half of it away moves a group down by one bit
    for width, move, stay, shift in _STEPS:
        if widest > width:
            moved = value & move
            moved >>= shift
            value &= stay
            value |= moved
    if widest > 8:
        top = (padded.take(starts + 8) & _LOW7) * (more >= 8).view(np.uint8)
        if widest > 9:
            top |= (padded.take(starts + 9) << np.uint8(7)) * (more >= 9).view(np.uint8)
        moved = top.astype(np.uint64)
        moved <<= np.uint64(56)
        value |= moved
    return value


def _too_wide(offset: int) -> WireError:
    return WireError("a number too long", offset=offset, expected=f"at most {MAX_WIDTH} bytes")


def _cut(numbers: NDArray[Any], item: np.dtype[Any], dtype: np.dtype[Any], offset: int, exact: bool) -> NDArray[Any]:
    if item.kind == "b":
        return numbers.astype(bool)
    if numbers.dtype.itemsize == 8:
        numbers = numbers.astype(item) if item.itemsize < 8 else numbers.view(item)
    if exact and dtype.itemsize < item.itemsize and numbers.dtype.itemsize > 1:
        limits = np.iinfo(dtype)
        if numbers.min() < limits.min or numbers.max() > limits.max:
            raise WireError("a value out of range", offset=offset, expected=f"values that fit {dtype.name}")
    return numbers


def write_varints(numbers: NDArray[Any]) -> bytes:
    """The integers (1-d, any integer or bool dtype) as a run of varints; negative ones as 64-bit two's complement."""
    values = numbers.astype(np.int64 if numbers.dtype.kind == "i" else np.uint64).view(np.uint64)
    if len(values) == 0:
        return b""
    if values.max() < 128:
        return values.astype(np.uint8).tobytes()
    widths = np.ones(len(values), np.intp)
    for place in range(1, MAX_WIDTH):
        widths += values >= np.uint64(1 << (7 * place))
    ends = np.cumsum(widths)
    out = np.empty(int(ends[-1]), np.uint8)
    position = ends - widths
    for place in range(int(widths.max())):
        here = widths > place
        if place:
            position, values, widths = position[here] + 1, values[here] >> np.uint64(7), widths[here]
        out[position] = values & np.uint64(127) | (widths > place + 1) * np.uint64(128)
    return out.tobytes()
