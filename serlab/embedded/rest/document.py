"""A predict request's JSON document into tensors: row format (``instances``) and columnar format (``inputs``).

After FillPredictRequestFromJson in tensorflow_serving/util/json_tensor.cc, in its order of checks and its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from serlab.embedded.rapidjson.reader import JsonObject, Value, read_document
from serlab.embedded.rest.json_tensor import Shape, dense_shape, fill, is_base64_object, text_of, to_array
from serlab.embedded.status import StatusError, invalid_argument
from serlab.embedded.tensors import MAX_RANK, Tensor, shaped

Format = Literal["row", "columnar"]


def parse_object(body: bytes) -> JsonObject:
    """Return the object that a request's body must be.

    Raises:
        StatusError: not JSON, or something else than an object.
    """
    if not body:
        raise invalid_argument("JSON Parse error: The document is empty")
    document = read_document(body)
    if not isinstance(document, JsonObject):
        raise invalid_argument(f"JSON Value: {text_of(document)} Is not object")
    return document


def signature_name(document: JsonObject) -> str:
    """Return the request's ``signature_name``, "" where it has none.

    Raises:
        StatusError: it is not a string.
    """
    found = document.find(b"signature_name")
    if found is None:
        return ""
    if not isinstance(found[0], bytes):
        raise invalid_argument(
            f"JSON Value: {text_of(document)} not formatted correctly. 'signature_name' key must be a string value."
        )
    return found[0].decode("utf-8", "surrogateescape")


def read_tensors(document: JsonObject, infos: Mapping[str, int]) -> tuple[Format, dict[str, Tensor]]:
    """Return the request's format and its tensors by name; ``infos`` are the signature's inputs.

    Raises:
        StatusError: the document has no tensors, or not those of the signature.
    """
    instances, inputs = document.find(b"instances"), document.find(b"inputs")
    if instances and inputs:
        raise invalid_argument(
            f"JSON Value: {text_of(document)} Not formatted correctly expecting only one of 'inputs' or 'instances' "
            "keys to exist "
        )
    if instances:
        rows = instances[0]
        if not isinstance(rows, list):
            raise invalid_argument(f"JSON Value: {text_of(document)} Expecting 'instances' to be an list/array")
        if not rows:
            raise invalid_argument(f"JSON Value: {text_of(document)} No values in 'instances' array")
        return "row", _read_rows(rows, infos)
    if inputs:
        return "columnar", _read_columns(inputs[0], infos)
    raise invalid_argument("Missing 'inputs' or 'instances' key")


class _Batch:
    """One input's values, gathered from instance after instance."""

    def __init__(self, name: str, data_type: int) -> None:
        self._name, self._data_type = name, data_type
        self._values: list[Any] = []
        self._size: int | None = None
        self._shape: Shape = ()

    def add(self, item: Value) -> None:
        shape = dense_shape(item)
        size = fill(item, shape, self._data_type, self._values)
        if self._size is None:
            self._size, self._shape = size, shape
        elif size != self._size:
            raise invalid_argument(f"Expecting tensor size: {self._size} but got: {size}")
        elif shape != self._shape:
            raise invalid_argument(f"Expecting shape {_shape_text(self._shape)} but got: {_shape_text(shape)}")

    def tensor(self, rows: int) -> Tensor:
        # A name that an instance has twice gives values twice; those beyond the shape are not looked at.
        used = self._values[: rows * (self._size or 0)]
        return _reshaped(self._name, used, (rows, *self._shape), self._data_type)


def _read_rows(rows: list[Value], infos: Mapping[str, int]) -> dict[str, Tensor]:
    if not isinstance(rows[0], JsonObject) and len(infos) > 1:
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    named = _is_named(rows[0])
    names = sorted(infos)
    batches = {name: _Batch(name, infos[name]) for name in names}
    for position, row in enumerate(rows):
        if named:
            if not isinstance(row, JsonObject) or is_base64_object(row):
                raise invalid_argument(f"Expecting object but got list at item {position} of input list")
            _add_named(batches, row, position)
        elif _is_named(row):
            raise invalid_argument(f"Expecting value/list but got object at item {position} of input list")
        else:
            try:
                batches[names[0]].add(row)
            except StatusError as error:
                raise invalid_argument(
                    f"Failed to process element: {position} of 'instances' list. Error: {error}"
                ) from error
    used = names if named else names[:1]
    return {name: batches[name].tensor(len(rows)) for name in used}


def _add_named(batches: dict[str, _Batch], row: JsonObject, position: int) -> None:
    seen = set()
    for key, value in row.members:
        # The server goes through a C string here, which ends at the first NUL.
        name = key.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
        seen.add(name)
        try:
            if name not in batches:
                raise invalid_argument(f"JSON object: does not have named input: {name}")
            batches[name].add(value)
        except StatusError as error:
            raise invalid_argument(
                f"Failed to process element: {position} key: {name} of 'instances' list. Error: {error}"
            ) from error
    if seen != set(batches):
        raise invalid_argument(
            f"Failed to process element: {position} of 'instances' list. JSON object: {text_of(row)} keys must be "
            f"equal to: {','.join(sorted(batches))}"
        )


def _is_named(row: Value) -> bool:
    return isinstance(row, JsonObject) and not is_base64_object(row)


def _read_columns(value: Value, infos: Mapping[str, int]) -> dict[str, Tensor]:
    if not isinstance(value, JsonObject) or is_base64_object(value):
        if len(infos) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
        name = next(iter(infos))
        return {name: _column(name, value, infos[name])}
    tensors = {}
    for name in sorted(infos):
        found = value.find(name.encode("utf-8", "surrogateescape"))
        if found is None:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
        tensors[name] = _column(name, found[0], infos[name])
    return tensors


def _column(name: str, value: Value, data_type: int) -> Tensor:
    shape = dense_shape(value)
    values: list[Any] = []
    fill(value, shape, data_type, values)
    return _reshaped(name, values, shape, data_type)


def _reshaped(name: str, values: list[Any], shape: Shape, data_type: int) -> Tensor:
    if len(shape) > MAX_RANK:
        raise invalid_argument(f"tensor parsing error: {name}")
    return shaped(to_array(values, data_type), shape)


def _shape_text(shape: Shape) -> str:
    return f"[{','.join(map(str, shape))}]"
