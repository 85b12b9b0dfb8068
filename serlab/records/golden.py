"""Golden bodies: requests and answers as files, with what is in them, for clients of any language to check against."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from serlab.errors import StoreError
from serlab.records.call import STRING, Call, TensorSpec, numpy_dtype
from serlab.records.run import Transport

if TYPE_CHECKING:
    from numpy.typing import NDArray

MANIFEST = "manifest.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class GoldenTensor:
    """A tensor in JSON: ``data`` is base64 of its little-endian bytes, row by row; of strings, one text each."""

    dtype: str
    shape: tuple[int, ...]
    data: str | tuple[str, ...]

    @classmethod
    def of(cls, array: NDArray[Any]) -> GoldenTensor:
        """Return the JSON of an array; strings are objects of ``bytes``."""
        if array.dtype.hasobject:
            return cls(STRING, array.shape, tuple(base64.b64encode(one).decode() for one in array.reshape(-1).tolist()))
        little = array.astype(array.dtype.newbyteorder("<"), order="C")
        return cls(array.dtype.name, array.shape, base64.b64encode(little.tobytes()).decode())

    def array(self) -> NDArray[Any]:
        """Return the array. Raises ``StoreError`` where the data are not those of such a tensor."""
        import numpy as np

        try:
            if self.dtype == STRING:
                strings = np.empty(len(self.data), object)
                strings[:] = [base64.b64decode(one) for one in self.data]
                return strings.reshape(self.shape)
            raw = base64.b64decode("".join(self.data))
            return np.frombuffer(raw, numpy_dtype(self.dtype).newbyteorder("<")).reshape(self.shape)
        except (ValueError, TypeError, OverflowError) as error:
            raise StoreError(f"the data are no {self.dtype} of shape {self.shape}: {error}") from error

    @property
    def spec(self) -> TensorSpec:
        """Dtype and shape."""
        return TensorSpec(self.dtype, self.shape)


@dataclass(frozen=True, slots=True)
class GoldenFile:
    """A body: its path within the folder, its size and its SHA-256 in hexadecimal digits."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class GoldenExchange:
    """What one codec sends of a subject and what the server answered.

    ``compare`` says how another correct client's request compares: byte by byte; "sorted", where inputs may stand in
    any order (a protobuf map); or "inflated", where compressors may differ. ``curl`` sends the request to a server on
    TensorFlow Serving's usual port; it is run in the folder, and prints the answer.
    """

    codec: str
    transport: Transport
    call: Call
    request: GoldenFile
    response: GoldenFile
    compare: Literal["bytes", "sorted", "inflated"] = "bytes"
    curl: str = ""


@dataclass(frozen=True, slots=True)
class GoldenSubject:
    """A payload for a model. ``stands_for`` is the payload of the catalogue that it is a smaller piece of, if any.

    ``answers`` is "exact" where every server gives the same bits, "close" where a model computes. ``left_out`` are
    codecs that cannot carry it, each with the reason.
    """

    name: str
    model: str
    stands_for: str
    answers: str
    inputs: Mapping[str, GoldenTensor]
    outputs: Mapping[str, GoldenTensor]
    exchanges: tuple[GoldenExchange, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GoldenManifest:
    """Everything in a folder of golden bodies, and the server that gave the answers."""

    schema: int
    server: str
    seed: int
    subjects: tuple[GoldenSubject, ...]
