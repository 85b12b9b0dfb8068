"""Payloads: named tensors that are always the same for the same spec and seed.

A spec is a name of the catalogue (``image``), a shape and dtype (``8x128:float32``), or a file (``@mine.npy``). The
first two take a value distribution behind a last colon: ``image:normal``, ``8x128:float32:edge``.
"""

from __future__ import annotations

import math
import re
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.errors import PayloadError, UnknownNameError, UsageError
from serlab.records.run import PayloadInfo

DEFAULT_SEED = 20_261_122
DISTRIBUTIONS = ("uniform", "normal", "integers", "edge")
DTYPES = ("float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64",
          "uint8", "uint16", "uint32", "uint64", "bool")  # fmt: skip
#: Specs above this size are taken for a slip of the hand: a protobuf message ends at 2 GiB.
MAX_RAW_BYTES = 2**31 - 2**20

_SHAPE = re.compile(r"\d+(x\d+)*")


@dataclass(frozen=True, slots=True)
class Payload:
    """A named tensor: shape, dtype, value distribution, seed; or the array in ``path``. ``build`` makes it."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    distribution: str = "uniform"
    seed: int = DEFAULT_SEED
    path: Path | None = None

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        """The dtype as numpy knows it; bfloat16 comes from ml_dtypes."""
        return numpy_dtype(self.dtype)

    @property
    def raw_bytes(self) -> int:
        """Size of the array's buffer in bytes."""
        return math.prod(self.shape) * self.numpy_dtype.itemsize

    def info(self) -> PayloadInfo:
        """Return what a result remembers of the payload."""
        return PayloadInfo(self.name, self.shape, self.dtype, self.distribution, self.seed, raw_bytes=self.raw_bytes)

    def build(self) -> NDArray[Any]:
        """Return the tensor, C-contiguous and native-endian; the same values at every call.

        Raises:
            PayloadError: the file of a ``@file.npy`` payload cannot be read, or is no longer what it was.
        """
        if self.path is not None:
            array = _load(self.path)
            if (array.shape, array.dtype.name) != (self.shape, self.dtype):
                raise PayloadError(
                    f"payload {self.name}: {self.path} is now {array.dtype.name} {list(array.shape)}, was "
                    f"{self.dtype} {list(self.shape)}: start a new run"
                )
            return array
        # The name goes into the stream so that two payloads of one run do not share their leading values.
        rng = np.random.default_rng([self.seed, zlib.crc32(self.name.encode())])
        draw = {"uniform": _uniform, "normal": _normal, "integers": _integers, "edge": _edge}[self.distribution]
        return np.ascontiguousarray(draw(rng, self.shape, self.numpy_dtype))


def checked_seed(seed: int | None) -> int:
    """Return the seed to use: ``DEFAULT_SEED`` where none was given.

    Raises:
        UsageError: it is negative, or has more than 63 bits.
    """
    if seed is not None and not 0 <= seed < 2**63:
        raise UsageError(f"seed {seed} cannot be used: give a number from 0 to {2**63 - 1}")
    return DEFAULT_SEED if seed is None else seed


def numpy_dtype(name: str) -> np.dtype[Any]:
    """Return the numpy dtype called ``name``; bfloat16 is registered by ml_dtypes.

    Raises:
        PayloadError: there is no such dtype.
    """
    if name == "bfloat16":
        import ml_dtypes

        bfloat16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
        return bfloat16
    try:
        return np.dtype(name)
    except TypeError:
        raise PayloadError(f"unknown dtype {name!r}: choose from {', '.join(DTYPES)}") from None


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


def _is_float(dtype: np.dtype[Any]) -> bool:
    return dtype.kind == "f" or dtype.name == "bfloat16"


CATALOGUE: dict[str, Payload] = {
    payload.name: payload
    for payload in (
        Payload("vector-1k", (1, 256), "float32"),
        Payload("vector-10k", (1, 2560), "float32"),
        Payload("image", (1, 224, 224, 3), "float32"),
        Payload("batch-16", (16, 224, 224, 3), "float32"),
        Payload("batch-100", (100, 224, 224, 3), "float32"),
        Payload("tokens", (8, 512), "int64", "integers"),
        Payload("image-u8", (1, 224, 224, 3), "uint8", "integers"),
        Payload("half", (1, 224, 224, 3), "float16"),
    )
}


def parse_payload(spec: str, *, seed: int = DEFAULT_SEED) -> Payload:
    """Return the payload that ``spec`` names.

    Raises:
        UnknownNameError: a name that is not in the catalogue.
        PayloadError: a shape, dtype or distribution that cannot be, or a file that is not a numeric array.
    """
    if spec.startswith("@"):
        path = Path(spec[1:]).expanduser()
        array = _load(path)
        return Payload(spec, array.shape, array.dtype.name, "file", seed, path.resolve())
    first, *rest = spec.split(":")
    if _SHAPE.fullmatch(first):
        return _parse_shape(spec, first, rest, seed)
    if first[:1].isdigit():
        raise PayloadError(f"payload {spec!r} does not parse: write SHAPE:DTYPE, as in 8x128:float32")
    if first not in CATALOGUE:
        known = [*CATALOGUE, "SHAPE:DTYPE as in 8x128:float32", "@FILE.npy"]
        raise UnknownNameError("payload", spec, known)
    if len(rest) > 1:
        raise PayloadError(f"payload {spec!r} does not parse: write NAME or NAME:DISTRIBUTION, as in image:normal")
    payload = replace(CATALOGUE[first], seed=seed)
    return replace(payload, name=spec, distribution=_distribution(rest[0])) if rest else payload


def _parse_shape(spec: str, dims: str, rest: list[str], seed: int) -> Payload:
    if not 1 <= len(rest) <= 2 or not rest[0]:
        raise PayloadError(
            f"payload {spec!r} does not parse: write SHAPE:DTYPE or SHAPE:DTYPE:DISTRIBUTION, as in "
            "8x128:float32 or 8x128:float32:normal"
        )
    if rest[0] not in DTYPES:
        raise PayloadError(f"payload {spec!r}: unknown dtype {rest[0]!r}: choose from {', '.join(DTYPES)}")
    shape = tuple(int(dim) for dim in dims.split("x"))
    distribution = _distribution(rest[1]) if len(rest) == 2 else "uniform"
    payload = Payload(spec, shape, rest[0], distribution, seed)
    if 0 in shape:
        raise PayloadError(f"payload {spec!r} has no elements: every dimension must be at least 1")
    if payload.raw_bytes > MAX_RAW_BYTES:
        raise PayloadError(
            f"payload {spec!r} holds {payload.raw_bytes:,} bytes, more than a protobuf message can carry "
            f"({MAX_RAW_BYTES:,}): use a smaller shape"
        )
    return payload


def _distribution(name: str) -> str:
    if name not in DISTRIBUTIONS:
        raise UnknownNameError("distribution", name, DISTRIBUTIONS)
    return name


def _load(path: Path) -> NDArray[Any]:
    try:
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise PayloadError(f"payload @{path}: no such file") from None
    except (OSError, ValueError, EOFError) as error:
        if "allow_pickle" in str(error) and path.read_bytes()[:6] == b"\x93NUMPY":
            raise PayloadError(
                f"payload @{path} holds Python objects, which serlab never loads: save a numeric array, as in "
                "np.save(path, array.astype('float32'))"
            ) from None
        raise PayloadError(f"payload @{path} is not a readable .npy file: write it with np.save") from None
    if not isinstance(array, np.ndarray):
        array.close()
        raise PayloadError(f"payload @{path} is an .npz archive: save one array with np.save")
    if array.dtype.name not in DTYPES:
        raise PayloadError(
            f"payload @{path} has dtype {array.dtype}, which no codec carries: choose from {', '.join(DTYPES)}"
        )
    if array.ndim == 0 or array.size == 0:
        raise PayloadError(f"payload @{path} has shape {list(array.shape)}: it needs a batch dimension and elements")
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
