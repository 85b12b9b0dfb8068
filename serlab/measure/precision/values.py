"""The catalogue of values: per dtype, classes of values that each try one way of losing something."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.errors import UnknownNameError
from serlab.measure.precision.float_values import ALL, RARE_SHARE, Classes, float_classes, natures
from serlab.records.call import numpy_dtype

DEFAULT_SAMPLES = 100_000
#: "string" stands for TensorFlow's string tensors: object arrays of bytes, or of str where a class says text.
DTYPES = ("float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
          "uint64", "bool", "complex64", "string")  # fmt: skip

#: Longest string of the catalogue, in bytes.
LONG_STRING_BYTES = 2**20

_STRINGS: dict[str, list[bytes | str]] = {
    "empty": [b""],
    "ASCII": [b"a", b"tensor", b" padded "],
    "escapes": [b'"', b"\\", b"/", b"\n\t\r\b\f", b"\x01\x1f\x7f", b"<&>'"],
    "NUL": [b"\x00", b"a\x00b", b"a\x00", b"\x00\x00"],
    "UTF-8": ["é".encode(), "日本".encode(), "\u2028\ufeff\uffff".encode(), "😀𝔘\U0010ffff".encode()],
    "invalid UTF-8": [b"\xff\xfe", b"\xe2\x82", b"\xc0\x80", b"\xed\xa0\x80", b"a\x80b"],
    "text": ["", "a", "é", "日本", "\x00", '"\\\n\u2028'],
    "astral text": ["😀", "𝔘", "\U0010ffff"],
    "lone surrogate": ["\ud800", "a\udfff"],
}


def dtype_of(name: str) -> np.dtype[Any]:
    """The numpy dtype of one of ``DTYPES``; object for "string"."""
    if name not in DTYPES:
        raise UnknownNameError("dtype", name, DTYPES)
    return numpy_dtype(name)


def value_classes(dtype: str, *, samples: int = DEFAULT_SAMPLES, seed: int) -> Classes:
    """The classes of one of ``DTYPES``: name → 1-D array, the same for the same ``samples`` and ``seed``.

    Floats of 16 bits come with every pattern, integers of up to 16 bits with every value. Wider floats have
    ``samples`` random patterns and numbers, wider integers and complex numbers a tenth as many.
    """
    numpy_type = dtype_of(dtype)
    if dtype == "string":
        return _strings()
    if numpy_type.kind == "b":
        return {ALL: np.array([False, True])}
    if numpy_type.kind == "c":
        return _complex(max(samples // 10, 16), seed)
    if numpy_type.kind in "iu":
        return _integers(numpy_type, max(samples // 10, 16), seed)
    return float_classes(numpy_type, samples, seed)


def _strings() -> Classes:
    classes: Classes = {name: _objects(strings) for name, strings in _STRINGS.items()}
    line = bytes(range(0x20, 0x7F))
    classes["1 MiB"] = _objects([(line * (LONG_STRING_BYTES // len(line) + 1))[:LONG_STRING_BYTES]])
    return classes


def _objects(items: list[bytes | str]) -> NDArray[Any]:
    array = np.empty(len(items), object)
    array[:] = items
    return array


def _integers(dtype: np.dtype[Any], samples: int, seed: int) -> Classes:
    bounds = np.iinfo(dtype)
    if dtype.itemsize <= 2:
        return {ALL: np.arange(bounds.min, bounds.max + 1).astype(dtype)}
    magnitudes = [2**e + d for e in (0, 7, 8, 15, 16, 24, 31, 32, 53, 60, 63) for d in (-1, 0, 1, 3)]
    named = sorted({v for m in magnitudes for v in (m, -m) if bounds.min <= v <= bounds.max})
    rng = np.random.default_rng([seed, bounds.bits, bounds.min < 0])
    drawn = rng.integers(bounds.min, bounds.max, samples, dtype, endpoint=True)
    # Random integers of 64 bits are hardly ever small: shifting them by random amounts covers every magnitude.
    shifted = drawn >> rng.integers(0, bounds.bits, samples).astype(dtype)
    values = np.concatenate([np.array(named, dtype), shifted])
    limits = np.array([bounds.min, bounds.min + 1, bounds.max - 1, bounds.max], dtype)
    return {"limits": limits, **{name: values[at] for name, at in natures(values).items()}}


def _complex(samples: int, seed: int) -> Classes:
    """Every class of float32 beside ordinary numbers, in either part; zeros in all four combinations of signs."""
    classes: Classes = {}
    rng = np.random.default_rng([seed, 64])
    for name, values in float_classes(np.dtype(np.float32), samples, seed).items():
        few = values[: max(samples // RARE_SHARE, 64)] if name not in ("unit", "normal") else values
        partner = rng.random(few.size, np.float32)
        parts = [np.stack([few, partner], axis=1), np.stack([partner, few], axis=1)]
        if name == "zero":
            parts = [np.stack([np.repeat(few, few.size), np.tile(few, few.size)], axis=1)]
        classes[name] = np.concatenate(parts).view(np.complex64).reshape(-1)
    return classes
