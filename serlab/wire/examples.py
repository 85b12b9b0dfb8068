"""Classification and regression messages, read: what TensorFlow Serving's other two calls carry, as tensors.

The layouts: ``classification.proto``, ``regression.proto`` and ``input.proto`` of TensorFlow Serving, ``example.proto``
and ``feature.proto`` of TensorFlow. Requests of the two calls are the same on the wire: a ModelSpec and Examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.errors import WireError
from serlab.wire.fields import FIXED32, LENGTH, VARINT, Buffer, read_field, read_signed, read_string
from serlab.wire.inspect import MessageAnatomy, TensorAnatomy
from serlab.wire.model_spec import EMPTY_SPEC, ModelSpec, read_model_spec
from serlab.wire.varints import read_varints

EXAMPLES, CLASSES, REGRESSIONS = (
    "ClassificationRequest or RegressionRequest", "ClassificationResponse", "RegressionResponse"
)  # fmt: skip

Span = tuple[int, int]


def examples_anatomy(body: bytes) -> MessageAnatomy:
    """Read a request of Examples: a tensor per feature. Raises WireError for another message."""
    model, inputs = _split(body, model=1, content=2)
    features: dict[str, list[list[Any]]] = {}
    count = 0
    for span in inputs:
        # Input { oneof { ExampleList example_list = 1, ExampleListWithContext example_list_with_context = 2 } }
        for tag, listed in _parts(body, span, 1):
            if tag in (_length(1), _length(2)):
                for part, example in _parts(body, listed, 2):
                    if part == _length(1):  # repeated Example examples = 1
                        for name, values in _features(body, example):
                            features.setdefault(name, [[] for _ in range(count)]).append(values)
                        count += 1
                        for rows in features.values():
                            rows += [[] for _ in range(count - len(rows))]
    tensors = tuple(_tensor(name, _feature_field(rows), rows) for name, rows in features.items())
    return MessageAnatomy(EXAMPLES, len(body), model, (), tensors)


def classes_anatomy(body: bytes) -> MessageAnatomy:
    """Read a ClassificationResponse: labels and scores of each example. Raises WireError for another message."""
    model, results = _split(body, model=2, content=1)
    labels: list[list[Any]] = []
    scores: list[list[Any]] = []
    for span in results:
        for tag, classifications in _parts(body, span, 1):  # repeated Classifications classifications = 1
            if tag == _length(1):
                found = [_class(body, one) for part, one in _parts(body, classifications, 2) if part == _length(1)]
                labels.append([label for label, _ in found])
                scores.append([score for _, score in found])
    tensors = (_tensor("label", "label", labels), _tensor("score", "score", scores)) if labels else ()
    return MessageAnatomy(CLASSES, len(body), model, (), tensors)


def regressions_anatomy(body: bytes) -> MessageAnatomy:
    """Read a RegressionResponse: a value of each example. Raises WireError for another message."""
    model, results = _split(body, model=2, content=1)
    values: list[list[Any]] = []
    for span in results:
        for tag, regression in _parts(body, span, 1):  # repeated Regression regressions = 1 { float value = 1 }
            if tag == _length(1):
                found = [_float(body, value) for part, value in _parts(body, regression, 2) if part == 1 << 3 | FIXED32]
                values.append(found or [np.float32(0)])
    return MessageAnatomy(REGRESSIONS, len(body), model, (), (_tensor("value", "value", values),) if values else ())


def _split(body: bytes, *, model: int, content: int) -> tuple[ModelSpec, list[Span]]:
    spec, found = EMPTY_SPEC, []
    for tag, span in _parts(body, (0, len(body)), 0):
        if tag == _length(model):
            spec = read_model_spec(body, *span, spec)
        elif tag == _length(content):
            found.append(span)
        else:
            raise WireError(f"field {tag >> 3}, which the message does not have", offset=span[0])
    return spec, found


def _features(body: bytes, example: Span) -> Iterator[tuple[str, list[Any]]]:
    # Example { Features features = 1 { map<string, Feature> feature = 1 } }
    for tag, features in _parts(body, example, 3):
        if tag == _length(1):
            for part, entry in _parts(body, features, 4):
                if part == _length(1):
                    name, values = "", []
                    for which, span in _parts(body, entry, 5):
                        if which == _length(1):
                            name = read_string(body, *span)
                        elif which == _length(2):
                            values = _feature(body, span)
                    yield name, values


def _feature(body: bytes, feature: Span) -> list[Any]:
    """Return what a Feature holds: BytesList = 1, FloatList = 2 or Int64List = 3, each of ``repeated value = 1``."""
    values: list[Any] = []
    for tag, span in _parts(body, feature, 6):
        for part, (start, stop) in _parts(body, span, 7):
            if tag == _length(1) and part == _length(1):
                values.append(body[start:stop])
            elif tag == _length(2) and part == _length(1):
                if (stop - start) % 4:
                    raise WireError("packed floats cut off", offset=start)
                values += list(np.frombuffer(body[start:stop], "<f4"))
            elif tag == _length(2) and part == 1 << 3 | FIXED32:
                values.append(_float(body, (start, stop)))
            elif tag == _length(3) and part == _length(1):
                values += _integers(body[start:stop], start)
            elif tag == _length(3) and part == 1 << 3 | VARINT:
                values.append(np.int64(read_signed(body, start, stop)))
    return values


def _integers(run: bytes, offset: int) -> list[Any]:
    numbers = np.empty(int(np.count_nonzero(np.frombuffer(run, np.uint8) < 128)), np.int64)
    count = read_varints(run, numbers, np.dtype("<i8"), offset=offset, exact=False)
    return list(numbers[:count])


def _class(body: bytes, span: Span) -> tuple[bytes, np.float32]:
    label, score = b"", np.float32(0)
    for tag, (start, stop) in _parts(body, span, 3):  # Class { string label = 1, float score = 2 }
        if tag == _length(1):
            read_string(body, start, stop)
            label = body[start:stop]
        elif tag == 2 << 3 | FIXED32:
            score = _float(body, (start, stop))
        else:
            raise WireError(f"field {tag >> 3}, which a Class does not have", offset=start)
    return label, score


def _tensor(name: str, carrier: str, rows: list[list[Any]]) -> TensorAnatomy:
    longest = max(map(len, rows), default=0)
    flat = [value for row in rows for value in row]
    strings = any(isinstance(value, bytes) for value in flat)
    dtype = "DT_STRING" if strings else "DT_INT64" if any(isinstance(v, np.int64) for v in flat) else "DT_FLOAT"
    size = sum(len(value) if isinstance(value, bytes) else value.dtype.itemsize for value in flat)
    ragged = any(len(row) != longest for row in rows)
    array: NDArray[Any] | None = None
    if not ragged:
        array = np.empty((len(rows), longest), object if strings else {"DT_INT64": "<i8", "DT_FLOAT": "<f4"}[dtype])
        for number, row in enumerate(rows):
            array[number] = row
    notes = ("not every example has as many values",) if ragged else ()
    elements = len(rows) * longest
    return TensorAnatomy(
        name, dtype, (len(rows), longest), "values" if flat else None, carrier if flat else "", elements, len(flat),
        size, notes, array=array,
    )  # fmt: skip


def _feature_field(rows: list[list[Any]]) -> str:
    first = next((value for row in rows for value in row), None)
    return "bytes_list" if isinstance(first, bytes) else "int64_list" if isinstance(first, np.int64) else "float_list"


def _float(body: bytes, span: Span) -> np.float32:
    return np.frombuffer(body[span[0] : span[1]], "<f4")[0]  # type: ignore[no-any-return]


def _length(number: int) -> int:
    return number << 3 | LENGTH


def _parts(body: Buffer, span: Span, depth: int) -> Iterator[tuple[int, Span]]:
    position, stop = span
    while position < stop:
        tag, start, position = read_field(body, position, stop, depth)
        yield tag, (start, position)
