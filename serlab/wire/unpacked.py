"""Rows of unpacked values: ``tag value tag value ...``, which old writers produce for repeated fields.

A row is turned into the packed run it stands for in a few numpy calls. The caller looks one up only after it has met
the same tag several times, so that a message of ever-changing tags costs one field each and no search.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.wire.fields import Buffer

ROW_STARTS = 8  # equal tags in succession after which a search for the rest of the row pays
_FIRST_WINDOW, _LAST_WINDOW = 256, 65_536  # bytes searched at first and at most; doubled while the row goes on


def fixed_row(body: Buffer, pos: int, end: int, tag: bytes, size: int) -> tuple[bytes, int]:
    """The values of the row at ``pos``, ``size`` bytes each, as a packed run, and the position after the row."""
    stride = len(tag) + size
    pieces = []
    for width in _windows():
        count = min(max(width // stride, 1), (end - pos) // stride)
        cells = np.frombuffer(body, np.uint8, count * stride, pos).reshape(count, stride)
        length = _leading((cells[:, : len(tag)] == np.frombuffer(tag, np.uint8)).all(axis=1))
        pieces.append(cells[:length, len(tag) :].tobytes())
        pos += length * stride
        if length < count or count == 0:
            break
    return b"".join(pieces), pos


def varint_row(body: Buffer, pos: int, end: int, tag: bytes) -> tuple[bytes, int]:
    """The varints of the row at ``pos`` as a packed run, and the position after the row.

    A tag is a varint too, so the row is varints of which every second one is the tag.
    """
    pieces = []
    for width in _windows():
        window = np.frombuffer(body, np.uint8, min(width, end - pos), pos)
        ends = np.flatnonzero(window < 128)
        count = len(ends) // 2
        tag_ends, value_ends = ends[0 : 2 * count : 2], ends[1 : 2 * count : 2]
        length = _leading(_is_tag(window, tag_ends, value_ends, tag))
        if length == 0:
            break
        stop = int(value_ends[length - 1]) + 1
        kept = np.ones(stop, bool)
        for place in range(len(tag)):
            kept[tag_ends[:length] - place] = False
        pieces.append(window[:stop][kept].tobytes())
        pos += stop
        if length < count:
            break
    return b"".join(pieces), pos


def _windows() -> Any:
    width = _FIRST_WINDOW
    while True:
        yield width
        width = min(2 * width, _LAST_WINDOW)


def _leading(matches: NDArray[np.bool_]) -> int:
    """How many entries are true before the first that is not."""
    return len(matches) if matches.all() else int(np.argmin(matches))


def _is_tag(
    window: NDArray[np.uint8], tag_ends: NDArray[np.intp], value_ends: NDArray[np.intp], tag: bytes
) -> NDArray[np.bool_]:
    starts = np.concatenate([[0], value_ends[:-1] + 1])[: len(tag_ends)]
    matches: NDArray[np.bool_] = tag_ends - starts == len(tag) - 1
    for place, byte in enumerate(tag):
        matches &= window.take(starts + place, mode="clip") == byte
    return matches
