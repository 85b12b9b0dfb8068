"""A payload: what a request carries, one or more named tensors that are always the same for the same spec and seed."""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.errors import PayloadError
from serlab.payload import files
from serlab.payload.values import STRING_BYTES, draw
from serlab.records.call import STRING, TensorSpec, numpy_dtype
from serlab.records.run import PayloadInfo
from serlab.records.run_data import payload_label

#: Specs above this size are taken for a slip of the hand: a protobuf message ends at 2 GiB.
MAX_RAW_BYTES = 2**31 - 2**20


@dataclass(frozen=True, slots=True)
class PayloadTensor:
    """One tensor: shape, dtype (numpy's name, or "string") and value distribution, or the file that holds it.

    ``name`` is the input it goes to, "" for the only tensor of a payload, which fits any input. ``stream`` tells the
    values of equal tensors apart. For strings ``distribution`` may be a length in bytes.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    distribution: str = "uniform"
    stream: str = ""
    path: Path | None = None
    member: str = ""  # the tensor's own name in that file
    string_bytes: int = 0  # of all strings together, where a file holds them

    @property
    def spec(self) -> TensorSpec:
        """Dtype and shape."""
        return TensorSpec(self.dtype, self.shape)

    @property
    def raw_bytes(self) -> int:
        """Size in bytes of the array's buffer; of strings, of all of them together."""
        if self.dtype != STRING:
            return math.prod(self.shape) * numpy_dtype(self.dtype).itemsize
        if self.path is not None:
            return self.string_bytes
        if self.distribution == "edge":
            return sum(map(len, self.build(0).reshape(-1).tolist()))
        return math.prod(self.shape) * (int(self.distribution) if self.distribution.isdigit() else STRING_BYTES)

    def build(self, seed: int) -> NDArray[Any]:
        """Return the array, C-contiguous and native-endian.

        Raises:
            PayloadError: its file cannot be read, or is no longer what it was.
        """
        if self.path is None:
            rng = np.random.default_rng([seed, zlib.crc32(self.stream.encode())])
            return draw(rng, self.shape, self.dtype, self.distribution)
        array = files.load(self.path, self.dtype).get(self.member)
        if array is None or (array.shape, TensorSpec.of(array).dtype) != (self.shape, self.dtype):
            now = "gone" if array is None else f"now {TensorSpec.of(array).dtype} {list(array.shape)}"
            raise PayloadError(
                f"payload @{self.path}{f' ({self.member})' if self.member else ''} is {now}, was {self.dtype} "
                f"{list(self.shape)}: start a new run"
            )
        return array


@dataclass(frozen=True, slots=True)
class Payload:
    """Named tensors and a seed. ``build`` makes them; ``name`` is the spec."""

    name: str
    tensors: tuple[PayloadTensor, ...]
    seed: int

    @property
    def only(self) -> PayloadTensor:
        """The only tensor. Raises PayloadError where there are several."""
        if len(self.tensors) > 1:
            raise PayloadError(f"payload {self.label} has {len(self.tensors)} tensors, and one is needed here")
        return self.tensors[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the only tensor. Raises PayloadError where there are several."""
        return self.only.shape

    @property
    def dtype(self) -> str:
        """Dtype of the only tensor. Raises PayloadError where there are several."""
        return self.only.dtype

    @property
    def raw_bytes(self) -> int:
        """Size of all the arrays' buffers in bytes."""
        return sum(tensor.raw_bytes for tensor in self.tensors)

    @property
    def says_dtypes(self) -> bool:
        """Whether the dtypes are the payload's own: those of a recorded JSON body are guesses."""
        return not any(tensor.path and tensor.path.suffix.lower() == ".json" for tensor in self.tensors)

    @property
    def label(self) -> str:
        """The name for tables: short also where the spec lists many tensors."""
        return payload_label(self.name)

    def specs(self, names: Collection[str] = ()) -> dict[str, TensorSpec]:
        """Return dtype and shape of each tensor by name; a tensor without one goes to the only one of ``names``."""
        return {name: tensor.spec for name, tensor in self._named(names).items()}

    def build(self, names: Collection[str] = ()) -> dict[str, NDArray[Any]]:
        """Return the tensors by name, in the order of ``names`` where given; the same values at every call.

        Raises:
            PayloadError: a file cannot be read, or is no longer what it was; an unnamed tensor fits several inputs.
        """
        return {name: tensor.build(self.seed) for name, tensor in self._named(names).items()}

    def array(self) -> NDArray[Any]:
        """Return the only tensor. Raises PayloadError where there are several."""
        return self.only.build(self.seed)

    def info(self) -> PayloadInfo:
        """Return what a result remembers of the payload."""
        dtypes = {tensor.dtype for tensor in self.tensors}
        distributions = {tensor.distribution for tensor in self.tensors}
        single = len(self.tensors) == 1
        return PayloadInfo(
            self.name,
            self.tensors[0].shape if single else (),
            dtypes.pop() if len(dtypes) == 1 else "mixed",
            distributions.pop() if len(distributions) == 1 else "mixed",
            self.seed,
            raw_bytes=self.raw_bytes,
            tensors={} if single else self.specs(),
        )

    def _named(self, names: Collection[str]) -> Mapping[str, PayloadTensor]:
        if len(self.tensors) == 1 and not self.tensors[0].name:
            if len(names) > 1:
                raise PayloadError(
                    f"payload {self.label} has one tensor, the model takes {len(names)}: name them, as in "
                    f"{','.join(f'{name}=1x128:int64' for name in list(names)[:2])}"
                )
            return {next(iter(names), ""): self.tensors[0]}
        own = {tensor.name: tensor for tensor in self.tensors}
        return {name: own[name] for name in dict.fromkeys((*(name for name in names if name in own), *own))}
