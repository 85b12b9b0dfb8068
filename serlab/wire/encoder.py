"""A request prepared once for arrays of one shape and dtype."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from serlab.errors import CodecError
from serlab.wire.dtypes import data_type_of
from serlab.wire.encode import check_size, join, request_head, request_tail
from serlab.wire.predict import REQUEST
from serlab.wire.tensor_write import Part, checked_array, content_head, lies_as_on_the_wire


class PredictEncoder:
    """Writes PredictRequests that differ in their numbers only; everything else is written when it is made.

    ``like`` gives an array for each input, of which only shape and dtype are used. Takes what ``encode_predict`` takes,
    but for strings, whose length is not fixed: CodecError.
    """

    def __init__(
        self,
        model: str,
        like: Mapping[str, NDArray[Any]],
        *,
        signature: str | None = None,
        version: int | None = None,
        label: str | None = None,
        output_filter: Iterable[str] = (),
    ) -> None:
        self._inputs: list[tuple[str, np.dtype[Any], tuple[int, ...], bytes]] = []
        self._tail = request_tail(output_filter)
        head, size = request_head(model, signature, version, label), len(self._tail)
        for name, value in like.items():
            array = checked_array(name, value)
            if data_type_of(array.dtype).field.kind == "bytes":
                raise CodecError(f"input {name!r} holds strings, whose length is not fixed: use encode_predict")
            head += content_head(name, REQUEST.tensors, array.dtype, array.shape)
            self._inputs.append((name, array.dtype, array.shape, head))
            size += len(head) + array.nbytes
            head = b""
        self._tail = head + self._tail
        check_size(size + len(head))
        self._plain = all(lies_as_on_the_wire(dtype) for _, dtype, _, _ in self._inputs)

    def encode(self, inputs: Mapping[str, NDArray[Any]]) -> bytes:
        """The request for these arrays, whose numbers are copied once.

        Raises CodecError where names, shapes or dtypes are not those it was prepared for.
        """
        if len(inputs) != len(self._inputs):
            raise CodecError(f"prepared for the inputs {[name for name, *_ in self._inputs]}, got {list(inputs)}")
        plain = self._plain
        parts: list[Part] = []
        for name, dtype, shape, head in self._inputs:
            array = inputs.get(name)
            if array is None or array.shape != shape or array.dtype != dtype:
                raise _mismatch(name, dtype, shape, array)
            plain = plain and array.flags.c_contiguous
            parts += (head, array)
        parts.append(self._tail)
        return b"".join(cast("list[bytes]", parts)) if plain else join(parts)


def _mismatch(name: str, dtype: np.dtype[Any], shape: tuple[int, ...], array: NDArray[Any] | None) -> CodecError:
    got = "nothing" if array is None else f"{array.dtype} {list(array.shape)}"
    return CodecError(f"input {name!r} was prepared as {dtype} {list(shape)}, got {got}")
