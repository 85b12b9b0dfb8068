"""How a value reads to a person: its number or text, and its bits in hex."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.analysis.ulp import float_format, patterns

#: Strings longer than this are cut: an example is there to be read.
SHOWN_CHARACTERS = 40


def number_text(values: NDArray[Any], index: int) -> str:
    """The element as a decimal that reads back as the same value of its dtype; strings as Python literals, cut."""
    value = values[index]
    if isinstance(value, (bytes, str)):
        literal = repr(value)
        return literal if len(literal) <= SHOWN_CHARACTERS else f"{literal[:SHOWN_CHARACTERS]}… ({len(value)} long)"
    if values.dtype.kind == "c":
        return f"({_scalar(value.real)}, {_scalar(value.imag)}j)"
    return _scalar(value)


def bits_text(values: NDArray[Any], index: int) -> str:
    """The element's bits in hex, most significant first; both parts of a complex; a string's bytes in order, cut."""
    element = values[index : index + 1]
    if values.dtype.kind in "OSU":
        return _string_bits(element[0])
    if values.dtype.kind == "c":
        parts = element.view(element.real.dtype)
        return f"{bits_text(parts, 0)} {bits_text(parts, 1)}"
    width = values.dtype.itemsize
    if float_format(values.dtype) is not None:
        number = int(patterns(element)[0])
    else:
        number = int.from_bytes(element.astype(values.dtype.newbyteorder("<")).tobytes(), "little")
    return f"0x{number:0{2 * width}x}"


def _scalar(value: Any) -> str:
    # NumPy writes the shortest text that reads back in the value's own dtype; float16 and bfloat16 as well.
    return str(value) if isinstance(value, np.generic) else repr(value)


def _string_bits(value: object) -> str:
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    if not isinstance(data, bytes):
        return type(value).__name__
    shown = data[: SHOWN_CHARACTERS // 2].hex() or "(empty)"
    return f"{shown}…" if len(data) > SHOWN_CHARACTERS // 2 else shown
