"""A call of a model, as clients and results know it: the names, and what travels both ways. JSON types only."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The dtype of TensorFlow's string tensors; in numpy they are object arrays of ``bytes``.
STRING = "string"


@cache
def numpy_dtype(name: str) -> np.dtype[Any]:
    """Return the numpy dtype called ``name``; bfloat16 is that of ml_dtypes, "string" is ``object``.

    Raises:
        TypeError: there is no such dtype.
    """
    import numpy

    if name == STRING:
        return numpy.dtype(object)
    if name == "bfloat16":
        import ml_dtypes

        bfloat16: np.dtype[Any] = numpy.dtype(ml_dtypes.bfloat16)
        return bfloat16
    if not name.isidentifier():  # numpy reads lists of fields from text, and has a parser for their shapes
        raise TypeError(f"there is no dtype {name!r}")
    return numpy.dtype(name)


def string_array(values: list[bytes], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return an object array of ``bytes``."""
    import numpy

    array = numpy.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def strings_of_json(value: Any) -> NDArray[Any]:
    """Return nested lists of text, and of bytes as ``{"b64": …}``, as an object array of ``bytes``.

    Raises:
        ValueError: its rows have unequal lengths, or what should be base64 is not.
        TypeError: it holds something else than strings.
    """
    found: list[bytes] = []
    return string_array(found, _walk_strings(value, found))


def _walk_strings(value: Any, found: list[bytes]) -> tuple[int, ...]:
    if isinstance(value, list):
        shapes = [_walk_strings(item, found) for item in value]
        if len(set(shapes)) > 1:
            raise ValueError("its rows have unequal lengths")
        return (len(value), *(shapes[0] if shapes else ()))
    if isinstance(value, str):
        found.append(value.encode())
        return ()
    try:
        encoded = value["b64"]
    except (KeyError, TypeError):
        raise TypeError(f"it holds {type(value).__name__} where a string should be") from None
    found.append(base64.b64decode(encoded, validate=True))
    return ()


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Dtype (numpy's name, or "string") and shape of one input or output; -1 is a size that is left open.

    ``packs`` describes the numeric tensor whose rows' little-endian bytes the strings of a string tensor hold, where a
    client sends or reads numbers as bytes: a row a string.
    """

    dtype: str
    shape: tuple[int, ...]
    packs: TensorSpec | None = None

    @classmethod
    def of(cls, array: NDArray[Any]) -> TensorSpec:
        """Return what an array is; one of objects holds strings."""
        return cls(STRING if array.dtype.hasobject else array.dtype.name, array.shape)

    @property
    def packed(self) -> TensorSpec:
        """The numeric tensor as strings of its rows' bytes; strings stay what they are."""
        return self if self.dtype == STRING else TensorSpec(STRING, self.shape[:1], packs=self)

    def seen_as(self, shape: tuple[int, ...]) -> TensorSpec:
        """Return the spec with the sizes of an answer where the model leaves them open."""
        return replace(self, shape=shape) if -1 in self.shape and not self.packs else self

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        """The dtype of the array that a client holds."""
        return numpy_dtype((self.packs or self).dtype)


def bare(name: str) -> str:
    """Return what an output is called by the signature that answers numbers in place of their bytes."""
    return name.removesuffix("_bytes")


@dataclass(frozen=True, slots=True)
class Call:
    """What a client knows before it calls: the names, and the dtypes and shapes of the tensors that travel.

    Inputs and outputs are the model's own; ``outputs`` are those that are read, and ``picks_outputs`` says that the
    model has others (over gRPC they are then left out by ``output_filter``; over REST all come back). Formats that do
    not say what their numbers are (JSON, base64) need the outputs' dtypes and shapes to read a response, as any client
    of such a server does. The first dimension is the batch: a body may hold another number of rows.

    ``version`` and ``label`` exclude each other; with neither, the server picks the version. ``packed`` is the call of
    the model's signature that takes and answers the rows' bytes of the same tensors, for codecs that send those.
    """

    model: str
    signature: str
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    version: int | None = None
    label: str = ""
    picks_outputs: bool = False
    packed: Call | None = None

    def seen_as(self, shapes: Mapping[str, tuple[int, ...]]) -> Call:
        """Return the call with the outputs' sizes of an answer where the model leaves them open."""
        outputs = {name: spec.seen_as(shapes[name]) for name, spec in self.outputs.items()}
        return replace(self, outputs=outputs, packed=self.packed and self.packed.answering(outputs))

    def answering(self, outputs: Mapping[str, TensorSpec]) -> Call:
        """Return a call of rows' bytes that reads these outputs of the plain one, as its own are called."""
        return replace(self, outputs={name: outputs[bare(name)].packed for name in self.outputs})
