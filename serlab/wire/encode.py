"""PredictRequest and PredictResponse written from numpy arrays, the numbers copied once."""

from __future__ import annotations

import io
import operator
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from serlab.errors import CodecError
from serlab.wire.dtypes import data_type_of
from serlab.wire.fields import MAX_LENGTH, length_field
from serlab.wire.model_spec import ModelSpec, utf8, write_model_spec
from serlab.wire.predict import REQUEST, RESPONSE
from serlab.wire.tensor_write import (
    Part,
    checked_array,
    content_head,
    content_parts,
    known,
    lies_as_on_the_wire,
    little_endian,
    part_size,
    values_parts,
)

if TYPE_CHECKING:
    from serlab.records.run import Form


def encode_predict(
    model: str,
    inputs: Mapping[str, NDArray[Any]],
    *,
    signature: str | None = None,
    version: int | None = None,
    label: str | None = None,
    output_filter: Iterable[str] = (),
) -> bytes:
    """Write a PredictRequest whose tensors are in ``content`` form.

    A C-contiguous little-endian array is copied once, into the result; so is any other layout. Takes float16/32/64,
    bfloat16 (of ml_dtypes), complex64/128, all integers, bool, and strings (``S``, ``U``, or objects of bytes or str,
    written as UTF-8).

    Raises CodecError for anything else, for ``version`` together with ``label``, and for a message of 2 GiB or more,
    which protobuf cannot carry.
    """
    return join(request_parts(model, inputs, signature, version, label, output_filter))


def encode_predict_parts(
    model: str,
    inputs: Mapping[str, NDArray[Any]],
    *,
    signature: str | None = None,
    version: int | None = None,
    label: str | None = None,
    output_filter: Iterable[str] = (),
) -> list[bytes | memoryview]:
    """The same request as buffers to be written one after the other (``socket.sendmsg``, ``writelines``).

    The numbers of C-contiguous little-endian arrays are not copied: they are memoryviews of the arrays, and change with
    them until they are sent. Raises as ``encode_predict`` does.
    """
    parts = request_parts(model, inputs, signature, version, label, output_filter)
    check_size(sum(map(part_size, parts)))
    return [
        part if isinstance(part, bytes) else little_endian(part).reshape(-1).view(np.uint8).data.toreadonly()
        for part in parts
    ]


def encode_response(
    outputs: Mapping[str, NDArray[Any]],
    *,
    form: Form = "values",
    model: str = "",
    signature: str = "",
    version: int | None = None,
) -> bytes:
    """Write a PredictResponse as TensorFlow Serving does: in ``values`` form, or in ``content`` form as it does with
    ``--enable_serialization_as_tensor_content``. Strings are ``string_val`` in both.

    Raises CodecError as ``encode_predict`` does.
    """
    write = {"values": values_parts, "content": content_parts}.get(form)
    if write is None:
        raise CodecError(f"unknown form {form!r}: a tensor's form is 'values' or 'content'")
    parts: list[Part] = []
    for name, value in outputs.items():
        parts += write(name, RESPONSE.tensors, checked_array(name, value))
    parts.append(_response_tail(model, signature, version))
    return join(parts)


@lru_cache(maxsize=256, typed=True)
def _response_tail(model: str, signature: str, version: int | None) -> bytes:
    """The model_spec field of an answer."""
    return length_field(RESPONSE.model >> 3, write_model_spec(ModelSpec(model, signature, version)))


def request_parts(
    model: str,
    inputs: Mapping[str, NDArray[Any]],
    signature: str | None,
    version: int | None,
    label: str | None,
    output_filter: Iterable[str],
) -> list[Part]:
    """A PredictRequest in order, its arrays not yet turned into bytes."""
    parts: list[Part] = [request_head(model, signature, version, label)]
    for name, value in inputs.items():
        parts += content_parts(name, REQUEST.tensors, checked_array(name, value))
    if output_filter:
        parts.append(request_tail(output_filter))
    return parts


@lru_cache(maxsize=256, typed=True)
def request_head(model: str, signature: str | None, version: int | None, label: str | None) -> bytes:
    """The model_spec field."""
    if version is not None:
        version = operator.index(version)
    return length_field(REQUEST.model >> 3, write_model_spec(ModelSpec(model, signature or "", version, label)))


def request_tail(output_filter: Iterable[str]) -> bytes:
    """The output_filter fields. Raises CodecError for a single name given instead of a list of names."""
    if isinstance(output_filter, str):
        raise CodecError(f"output_filter is the text {output_filter!r}: give a list of output names")
    return b"".join(length_field(REQUEST.output_filter >> 3, utf8(name)) for name in output_filter)


def join(parts: Sequence[Part]) -> bytes:
    """The parts as one body. Raises CodecError at 2 GiB."""
    size, plain = 0, True
    for part in parts:
        if isinstance(part, bytes):
            size += len(part)
        else:
            size += part.nbytes
            plain = plain and part.flags.c_contiguous and lies_as_on_the_wire(part.dtype)
    check_size(size)
    if not plain:
        return _join_copying(parts, size)
    return b"".join(cast("Sequence[bytes]", parts))  # and of arrays, which offer their bytes as bytes do


def _join_copying(parts: Sequence[Part], size: int) -> bytes:
    """The same with arrays of any layout: numpy writes each straight to its place in the result.

    BytesIO hands out a buffer to write to and then, without a copy, the bytes that were written.
    """
    out = io.BytesIO(bytes(size))
    pos = 0
    with out.getbuffer() as target:
        for part in parts:
            stop = pos + part_size(part)
            if isinstance(part, bytes):
                target[pos:stop] = part
            else:
                source = known(part)
                place = np.frombuffer(target, np.uint8, stop - pos, pos).view(source.dtype.newbyteorder("<"))
                place.reshape(source.shape)[...] = source
                del place  # the buffer cannot be closed while an array looks at it
            pos = stop
    return out.getvalue()


def check_size(size: int) -> None:
    """Raises CodecError for a message of 2 GiB or more."""
    if size > MAX_LENGTH:
        raise CodecError(f"a message of {size} bytes: protobuf carries less than 2 GiB, send the batch in pieces")


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
