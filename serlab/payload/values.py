"""Values of payloads: the same for the same shape, dtype, distribution and seed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.errors import PayloadError
from serlab.records.call import STRING, numpy_dtype

DISTRIBUTIONS = ("uniform", "normal", "integers", "edge", "photo")
DTYPES = ("float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64",
          "uint8", "uint16", "uint32", "uint64", "bool", "complex64", "complex128", STRING)  # fmt: skip
#: Length of a drawn string, in bytes, unless the spec says another.
STRING_BYTES = 32

_EDGE_STRINGS = (b"", b"a", b'"\\/\b\f\n\r\t', "naïve 日本 😀".encode(), b"\x00\x01\x7f", b"\xff\xfe\x80", b"</script>")
_PRINTABLE = np.arange(0x20, 0x7F, dtype=np.uint8)


def draw(rng: np.random.Generator, shape: tuple[int, ...], dtype: str, distribution: str) -> NDArray[Any]:
    """Return an array of ``shape`` and ``dtype``; strings are objects of ``bytes``.

    ``distribution`` is one of ``DISTRIBUTIONS``, or for strings a length in bytes.
    """
    if dtype == STRING:
        return _strings(rng, shape, distribution)
    kind = numpy_dtype(dtype)
    if kind.kind == "c":
        parts = np.dtype(kind.type(0).real.dtype)
        return np.ascontiguousarray(_DRAW[distribution](rng, (*shape, 2), parts)).view(kind).reshape(shape)
    return np.asarray(_DRAW[distribution](rng, shape, kind), kind, order="C")


def _strings(rng: np.random.Generator, shape: tuple[int, ...], distribution: str) -> NDArray[Any]:
    array = np.empty(shape, dtype=object)
    flat = array.reshape(-1)
    length = int(distribution) if distribution.isdigit() else STRING_BYTES
    for position in range(flat.size):
        if distribution == "edge":
            flat[position] = _EDGE_STRINGS[position % len(_EDGE_STRINGS)]
        else:
            flat[position] = rng.choice(_PRINTABLE, length).tobytes()
    return flat.reshape(shape)


def _uniform(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    if _is_float(dtype):
        return rng.random(shape, dtype=np.float64 if dtype.itemsize == 8 else np.float32).astype(dtype)
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(dtype)
    bounds = np.iinfo(dtype)
    return rng.integers(bounds.min, bounds.max, shape, dtype=dtype, endpoint=True)


def _normal(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    values = rng.standard_normal(shape, dtype=np.float32 if dtype.itemsize < 8 else np.float64)
    if dtype == np.bool_:
        return values > 0
    if _is_float(dtype):
        return values.astype(dtype)
    return np.clip(np.rint(values * 32), max(np.iinfo(dtype).min, -128), 127).astype(dtype)


def _integers(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    top = 1 if dtype == np.bool_ else 127 if dtype == np.int8 else 255
    return rng.integers(0, top, shape, endpoint=True).astype(dtype)


def _edge(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype == np.bool_:
        return _uniform(rng, shape, dtype)
    if _is_float(dtype):
        import ml_dtypes

        limits = ml_dtypes.finfo(dtype)
        low, tiny, top = (float(x) for x in (limits.smallest_subnormal, limits.smallest_normal, limits.max))
        edges = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, low, -low, tiny, -tiny, top, -top], np.float64)
    else:
        bounds = np.iinfo(dtype)
        edges = np.array([bounds.min, bounds.min + 1, 0, 1, bounds.max - 1, bounds.max], dtype)
    # Cycling, not drawing, makes every edge occur in any payload that has room for it.
    return np.resize(edges.astype(dtype), shape)


def _photo(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Images (…, height, width, channels) with the spectrum of photographs, in 256 levels; floats are levels ÷ 255.

    Amplitudes fall with the frequency, as 1 / f^1.2 (natural scenes: Field 1987, 1 / f on average), and channels are
    alike, so that image formats compress them as they do photographs.
    """
    if len(shape) < 3:
        raise PayloadError(f"distribution photo makes images (…, height, width, channels), not the shape {list(shape)}")
    *others, height, width, channels = shape
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = np.inf
    images = np.empty((math.prod(others), height, width, channels), np.float32)
    for image in images:
        parts = rng.standard_normal((2, channels, *frequency.shape))
        planes = np.fft.irfft2((parts[0] + 1j * parts[1]) / frequency**1.2, (height, width))
        grey = planes / max(float(planes.std()), 1e-30)
        grey[1:] = 0.9 * grey[:1] + 0.3 * grey[1:]
        image[:] = np.moveaxis(0.5 + 0.2 * grey, 0, -1)
    levels = np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8).reshape(shape)
    # Multiplied as graphs do that undo it: the same bits come back from bytes.
    return (levels.astype(np.float32) * np.float32(1 / 255)).astype(dtype) if _is_float(dtype) else levels.astype(dtype)


_DRAW = {"uniform": _uniform, "normal": _normal, "integers": _integers, "edge": _edge, "photo": _photo}


def _is_float(dtype: np.dtype[Any]) -> bool:
    return dtype.kind == "f" or dtype.name == "bfloat16"
