"""The usual predict request, read without a Python object per number.

Recognized are bodies of the shape clients write: one array under ``instances`` or ``inputs`` (there also under the
input's name), ``signature_name`` before or behind it, and nothing else. Everything else, and everything that is wrong
in any way, is left to the exact reader: this one returns None, so it never has an error to word.

simdjson rounds correctly where RapidJSON does not, so what it reads is only taken where both are known to give the
same tensor: for float32, where no double lies so close to the middle between two floats that RapidJSON's error could
tip it over.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import simdjson
from numpy.typing import NDArray

from serlab.embedded.rest.decimal_text import flushed, to_float32
from serlab.embedded.rest.document import Format
from serlab.embedded.rest.json_tensor import unescape_base64
from serlab.embedded.tensors import MAX_NUMPY_RANK, numpy_dtype, printed_name

#: Below this many bytes the exact reader is as fast.
MIN_BYTES = 512

#: White space, as much as a client would write: without an end, a pattern that fails goes back through all of it.
_WS = rb"[ \n\r\t]{0,64}"
#: Names that are the same bytes in JSON and behind it.
_PLAIN = rb'"([^"\\\x00-\x1f\x80-\xff]*)"'
_SIGNATURE = rb'"signature_name"' + _WS + rb":" + _WS + _PLAIN
_HEAD = re.compile(
    _WS + rb"\{" + _WS
    + rb"(?:" + _SIGNATURE + _WS + rb"," + _WS + rb")?"
    + rb'"(instances|inputs)"' + _WS + rb":" + _WS
    + rb"(?:\{" + _WS + _PLAIN + _WS + rb":" + _WS + rb")?(?=\[)"
)  # fmt: skip
_TAIL = re.compile(
    rb"\]" + _WS + rb"(\})?" + _WS
    + rb"(?:," + _WS + _SIGNATURE + _WS + rb")?\}" + _WS
)  # fmt: skip
#: The tail is looked for in this many last bytes.
_TAIL_BYTES = 512

_NUMBER_BYTES = b"0123456789.eE+- \n\r\t"
_INTEGER_RANGE = {
    "int32": (-(2**31), 2**31 - 1), "int16": (-(2**31), 2**31 - 1), "int8": (-(2**31), 2**31 - 1),
    "uint8": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1), "int64": (-(2**63), 2**63 - 1),
}  # fmt: skip

#: A float32 has 29 bits less than a double. RapidJSON is off by a few units in the last place, and by one more for each
#: digit that a whole part has beyond the 20th; with literals of up to ``_MAX_LITERAL`` bytes this margin is ample.
_DROPPED_BITS = 29
_MARGIN_ULP = 64
_MAX_LITERAL = 40
#: Eight bytes a word: from one comma to the next it is less than one word more.
_COMMA_WORDS = _MAX_LITERAL // 8 - 1
#: Doubles in this range may or may not be flushed to zero, by their last bits.
_FLOAT32_EDGE = 2.0**-126 * (1 - 2.0**-20), 2.0**-126 * (1 + 2.0**-20)


class Envelope(NamedTuple):
    """What surrounds the array: whose signature, which format, under which input's name, and the array's own bytes."""

    signature_name: str
    format: Format
    input_name: str | None
    array: bytes


def open_envelope(body: bytes) -> Envelope | None:
    """Return the parts of a usual request, or None if ``body`` is not one."""
    if len(body) < MIN_BYTES:
        return None
    head = _HEAD.match(body)
    if head is None:
        return None
    tail = _find_tail(body)
    if tail is None:
        return None
    before, key, input_name = head.groups()
    closed, behind = tail.groups()
    if (input_name is None) != (closed is None) or (before is not None and behind is not None):
        return None
    if input_name is not None and key == b"instances":
        return None
    signature = before if before is not None else behind or b""
    return Envelope(
        signature.decode("ascii"),
        "row" if key == b"instances" else "columnar",
        None if input_name is None else input_name.decode("ascii"),
        body[head.end() : tail.start() + 1],
    )


def _find_tail(body: bytes) -> re.Match[bytes] | None:
    """Find the last ``]`` that closes the array: no later one can be followed by a matching tail."""
    end = len(body)
    start = body.rfind(b"]", max(0, end - _TAIL_BYTES), end)
    return _TAIL.fullmatch(body, start) if start >= 0 else None


def read_array(array: bytes, data_type: int) -> NDArray[Any] | None:
    """Return the tensor in a JSON array, or None where only the exact reader knows."""
    name = printed_name(data_type)
    if name == "string":
        return _read_base64(array)
    if name in ("float", "double") or name in _INTEGER_RANGE:
        return _read_numbers(array, name, numpy_dtype(data_type))
    return None


def _read_numbers(text: bytes, name: str, dtype: np.dtype[Any]) -> NDArray[Any] | None:
    floating = name in ("float", "double")
    try:
        array: Any = simdjson.Parser().parse(text)
        shape = _first_shape(array)
        values = np.frombuffer(array.as_buffer(of_type="d" if floating else "i"), "f8" if floating else "i8")
    except (ValueError, TypeError, OverflowError, RuntimeError):
        # simdjson's errors; a RuntimeError is an integer beyond 64 bits.
        return None
    if shape is None or not _is_regular(text, shape, values.size):
        return None
    if name == "float":
        if _tips_over(values) or not _literals_are_short(text):
            return None
        return to_float32(values).reshape(shape)
    if name == "double":
        return _with_rapidjson_bits(text, values.reshape(shape))
    low, high = _INTEGER_RANGE[name]
    if values.min() < low or values.max() > high:
        return None
    return values.astype(dtype).reshape(shape)


def _with_rapidjson_bits(text: bytes, values: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return doubles as RapidJSON rounds them. Decimals have to go through it, one Python float per number."""
    if b"." in text or b"e" in text or b"E" in text:
        import rapidjson

        try:
            values = np.array(rapidjson.loads(text, number_mode=rapidjson.NM_NATIVE), np.float64)
        except ValueError:
            return None
        if np.any(np.abs(values) == np.finfo(np.float64).smallest_normal):
            return None
    return flushed(values)


def _first_shape(array: Any) -> tuple[int, ...] | None:
    shape: list[int] = []
    while isinstance(array, simdjson.Array):
        shape.append(len(array))
        if not shape[-1] or len(shape) > MAX_NUMPY_RANK:
            return None
        array = array[0]
    return tuple(shape)


def _is_regular(text: bytes, shape: tuple[int, ...], size: int) -> bool:
    """Whether an array of numbers has ``shape`` all through, judged by its brackets and commas."""
    return size == math.prod(shape) and text.translate(None, _NUMBER_BYTES) == _skeleton(shape)


@lru_cache(maxsize=16)
def _skeleton(shape: tuple[int, ...]) -> bytes:
    """The brackets and commas of an array."""
    skeleton = b""
    for length in reversed(shape):
        skeleton = b"[" + b",".join([skeleton] * length) + b"]"
    return skeleton


def _tips_over(values: NDArray[np.float64]) -> bool:
    """Whether RapidJSON's inexactness could make another float32 of any of these doubles."""
    # From the margin below a middle on, so that one comparison tells both sides.
    dropped = values.view(np.int64) - ((1 << (_DROPPED_BITS - 1)) - _MARGIN_ULP)
    dropped &= (1 << _DROPPED_BITS) - 1
    if dropped.min(initial=1 << _DROPPED_BITS) <= 2 * _MARGIN_ULP:
        return True
    size = np.abs(values)
    low, high = _FLOAT32_EDGE
    return bool(size.min(initial=np.inf) <= high and np.any((size >= low) & (size <= high)))


def _literals_are_short(text: bytes) -> bool:
    """Whether any ``_MAX_LITERAL`` bytes have a comma among them, looked up in words of eight."""
    commas = np.frombuffer(text, np.uint8) == ord(",")
    words = commas[: len(text) // 8 * 8].view(np.uint64) != 0
    if len(words) < _COMMA_WORDS:
        return len(text) <= _MAX_LITERAL
    found = words[_COMMA_WORDS - 1 :]
    for back in range(1, _COMMA_WORDS):
        found = found | words[_COMMA_WORDS - 1 - back : -back]
    return bool(found.all())


def _read_base64(text: bytes) -> NDArray[Any] | None:
    """Read a list of ``{"b64": "…"}`` by its quotation marks: every fourth piece is data."""
    pieces = text.split(b'"')
    if len(pieces) < 5 or len(pieces) % 4 != 1:
        return None
    between, names, colons, data = pieces[0::4], pieces[1::4], pieces[2::4], pieces[3::4]
    if {piece.strip(b" \n\r\t") for piece in colons} != {b":"} or set(names) != {b"b64"}:
        return None
    structure = [piece.translate(None, b" \n\r\t") for piece in between]
    if structure[0] != b"[{" or structure[-1] != b"}]" or set(structure[1:-1]) - {b"},{"}:
        return None
    strings = [_decode(piece) for piece in data]
    if None in strings:
        return None
    array = np.empty(len(strings), object)
    array[:] = strings
    return array


def _decode(text: bytes) -> bytes | None:
    import pybase64

    try:
        return bytes(pybase64.b64decode(text, validate=True))
    except ValueError:
        # White space, missing padding: legal, but a backslash or a control character would not be.
        return None if b"\\" in text or re.search(rb"[\x00-\x1f]", text) else unescape_base64(text)
