"""What ``--payload`` may say, and the catalogue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from serlab.errors import PayloadError, UnknownNameError, UsageError
from serlab.payload import files
from serlab.payload.payload import MAX_RAW_BYTES, Payload, PayloadTensor
from serlab.payload.values import DISTRIBUTIONS, DTYPES
from serlab.records.call import STRING, TensorSpec

DEFAULT_SEED = 20_261_122

_SHAPE = re.compile(r"scalar|\d+(x\d+)*")
#: A size beyond this is no size: its digits alone would take long to read.
_SIZE_DIGITS = 12
#: ``ids=`` in front of a spec: the input that it goes to. TensorFlow's names of inputs have no comma or equals sign.
_NAMED = re.compile(r"([^=,:@]+)=(.+)", re.DOTALL)


def _catalogue(*entries: tuple[str, tuple[int, ...], str, str]) -> dict[str, PayloadTensor]:
    return {
        name: PayloadTensor("", shape, dtype, distribution, stream=name) for name, shape, dtype, distribution in entries
    }


CATALOGUE: dict[str, PayloadTensor] = _catalogue(
    ("vector-1k", (1, 256), "float32", "uniform"),
    ("vector-10k", (1, 2560), "float32", "uniform"),
    ("image", (1, 224, 224, 3), "float32", "uniform"),
    ("batch-16", (16, 224, 224, 3), "float32", "uniform"),
    ("batch-100", (100, 224, 224, 3), "float32", "uniform"),
    ("tokens", (8, 512), "int64", "integers"),
    ("image-u8", (1, 224, 224, 3), "uint8", "integers"),
    ("half", (1, 224, 224, 3), "float16", "uniform"),
)


def checked_seed(seed: int | None) -> int:
    """Return the seed to use. Raises ``UsageError`` for a negative one, or one beyond 64 bits."""
    seed = DEFAULT_SEED if seed is None else seed
    if not 0 <= seed < 2**63:
        raise UsageError(f"seed {seed} cannot be used: give a number from 0 to 2^63 - 1")
    return seed


def split_specs(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the specs in ``--payload`` options: commas part payloads, but not the named tensors of one.

    ``image,ids=1x8:int64,mask=1x8:int64`` are two: ``image``, and one of two tensors.

    Raises:
        PayloadError: an empty one.
    """
    specs: list[str] = []
    for text in texts:
        previous_named = False
        for piece in text.split(","):
            if not piece.strip():
                raise PayloadError(f"payload {text!r} has an empty part: write NAME, SHAPE:DTYPE or @FILE")
            named = bool(_NAMED.fullmatch(piece.strip()))
            if named and previous_named:
                specs[-1] += f",{piece.strip()}"
            else:
                specs.append(piece.strip())
            previous_named = named
    return tuple(specs)


def parse_payload(spec: str, *, seed: int = DEFAULT_SEED) -> Payload:
    """Return the payload that ``spec`` names.

    A name of the catalogue (``image``); a shape and dtype (``8x128:float32``); a file (``@mine.npy``, ``@mine.npz``,
    ``@request.json``, ``@request.bin``, ``@photo.jpg``, ``@folder/``); or several of them, each with the input that it
    goes to: ``ids=1x128:int64,mask=1x128:int64``. The first two take a value distribution behind a last colon:
    ``image:normal``, ``8x128:float32:edge``; of strings it may be a length in bytes, ``4:string:200``.

    Raises:
        UnknownNameError: a name that is not in the catalogue.
        PayloadError: a shape, dtype or distribution that cannot be, or a file that holds no tensors.
    """
    if not spec.strip():
        raise PayloadError("the payload is empty: write NAME, SHAPE:DTYPE as in 8x128:float32, or @FILE")
    if not _NAMED.fullmatch(spec):
        payload = Payload(spec, _tensors(spec, spec), seed)
    else:
        tensors: list[PayloadTensor] = []
        for piece in spec.split(","):
            match = _NAMED.fullmatch(piece)
            if not match:
                raise PayloadError(f"payload {spec!r}: {piece!r} has no name: write NAME=SHAPE:DTYPE for each tensor")
            name, what = match.groups()
            found = _tensors(what, spec)
            if len(found) > 1:
                raise PayloadError(f"payload {spec!r}: {what} holds {len(found)} tensors, {name} is one")
            tensors.append(replace(found[0], name=name, stream=piece if found[0].path is None else ""))
        if len({tensor.name for tensor in tensors}) < len(tensors):
            raise PayloadError(f"payload {spec!r} names an input twice")
        payload = Payload(spec, tuple(tensors), seed)
    if payload.raw_bytes > MAX_RAW_BYTES:
        raise PayloadError(
            f"payload {spec!r} holds {payload.raw_bytes:,} bytes, more than a protobuf message can carry "
            f"({MAX_RAW_BYTES:,}): use a smaller shape"
        )
    return payload


def _tensors(spec: str, whole: str) -> tuple[PayloadTensor, ...]:
    if spec.startswith("@"):
        return _from_file(spec)
    first, *rest = spec.split(":")
    if _SHAPE.fullmatch(first):
        return (_parse_shape(spec, first, rest),)
    if first[:1].isdigit():
        raise PayloadError(f"payload {spec!r} does not parse: write SHAPE:DTYPE, as in 8x128:float32")
    if first not in CATALOGUE:
        known = [*CATALOGUE, "SHAPE:DTYPE as in 8x128:float32", "@FILE.npy", "INPUT=SHAPE:DTYPE,INPUT=…"]
        raise UnknownNameError("payload", whole, known)
    if len(rest) > 1:
        raise PayloadError(f"payload {spec!r} does not parse: write NAME or NAME:DISTRIBUTION, as in image:normal")
    tensor = CATALOGUE[first]
    return (replace(tensor, stream=spec, distribution=_distribution(rest[0], tensor.dtype)) if rest else tensor,)


def _from_file(spec: str) -> tuple[PayloadTensor, ...]:
    text, dtype = spec[1:], ""
    head, colon, tail = text.rpartition(":")
    if colon and tail in DTYPES:
        text, dtype = head, tail
    if not text or "\0" in text:
        raise PayloadError(f"payload {spec!r} names no file")
    path = Path(text).expanduser()
    return tuple(
        PayloadTensor(
            name,
            array.shape,
            TensorSpec.of(array).dtype,
            "file",
            path=path.resolve(),
            member=name,
            string_bytes=sum(map(len, array.reshape(-1).tolist())) if array.dtype.hasobject else 0,
        )
        for name, array in files.load(path, dtype).items()
    )


def _parse_shape(spec: str, dims: str, rest: list[str]) -> PayloadTensor:
    if not 1 <= len(rest) <= 2 or not rest[0]:
        raise PayloadError(
            f"payload {spec!r} does not parse: write SHAPE:DTYPE or SHAPE:DTYPE:DISTRIBUTION, as in "
            "8x128:float32 or 8x128:float32:normal"
        )
    dtype = rest[0]
    if dtype not in DTYPES:
        raise PayloadError(f"payload {spec!r}: unknown dtype {dtype!r}: choose from {', '.join(DTYPES)}")
    sizes = [] if dims == "scalar" else dims.split("x")
    if any(len(size) > _SIZE_DIGITS for size in sizes) or len(sizes) > 32:
        raise PayloadError(f"payload {spec!r} is larger than any message: use a smaller shape")
    shape = tuple(map(int, sizes))
    if 0 in shape:
        raise PayloadError(f"payload {spec!r} has no elements: every dimension must be at least 1")
    distribution = _distribution(rest[1], dtype) if len(rest) == 2 else "uniform"
    return PayloadTensor("", shape, dtype, distribution, stream=spec)


def _distribution(name: str, dtype: str) -> str:
    if dtype == STRING:
        if name == "edge" or (name.isdigit() and len(name) <= _SIZE_DIGITS):
            return name
        raise UnknownNameError("distribution of strings", name, ["a length in bytes, as in 4:string:200", "edge"])
    if name not in DISTRIBUTIONS:
        raise UnknownNameError("distribution", name, DISTRIBUTIONS)
    return name
