"""A serialized ``tf.Example`` per row, parsed in the graph: what Estimator exports and feature pipelines take.

``Example { Features features = 1 { map<string, Feature> feature = 1 } }``, and a Feature is one of ``BytesList = 1``,
``FloatList = 2``, ``Int64List = 3``, each with a repeated ``value = 1`` (tensorflow/core/example/feature.proto).
"""

from __future__ import annotations

import numpy as np

from serlab.errors import RepresentationError
from serlab.representations.base import Representation, Tensor, Tensors
from serlab.wire.fields import fields, length_field, map_entries
from serlab.wire.varints import read_varints, write_varints

EXAMPLES = "examples"
_BYTES_LIST, _FLOAT_LIST, _INT64_LIST = 1, 2, 3


class TfExample(Representation):
    """Every tensor becomes a feature of its name: float32 as FloatList, integers as Int64List, strings as BytesList."""

    name = "tf-example"
    signature = "tf_example"
    effect = "exact; float32, integers (widened to int64) and strings only"
    graph = """\
def restore(examples):  # string (n,): a serialized tf.Example each
    found = tf.io.parse_example(examples, {FEATURES})
    return {name: tf.cast(found[name], dtype) for name, dtype in {DTYPES}.items()}
"""

    def code(self, tensors: Tensors) -> str:
        """Return the code with the model's inputs: an Example holds their names."""
        kinds = {_FLOAT_LIST: "tf.float32", _INT64_LIST: "tf.int64", _BYTES_LIST: "tf.string"}
        features = (f"{name!r}: tf.io.FixedLenFeature({list(one.shape[1:])}, {kinds[_list_of(name, one)]})"
                    for name, one in tensors.items())  # fmt: skip
        dtypes = (
            f"{name!r}: tf.{'string' if one.dtype.hasobject else one.dtype.name}" for name, one in tensors.items()
        )
        return self.graph.replace("FEATURES", ", ".join(features)).replace("DTYPES", ", ".join(dtypes))

    def apply(self, tensors: Tensors) -> dict[str, Tensor]:
        """Return one string per row. Raises ``RepresentationError`` for what an Example cannot hold."""
        lengths = {one.shape[:1] for one in tensors.values()}
        if len(lengths) != 1 or () in lengths:
            listed = ", ".join(f"{name} {list(one.shape)}" for name, one in tensors.items())
            raise RepresentationError(f"an Example is a row of every input, and these have no common rows: {listed}")
        kinds = {name: _list_of(name, one) for name, one in tensors.items()}
        rows: Tensor = np.empty(lengths.pop(), object)
        for row in range(len(rows)):
            entries = b"".join(
                length_field(1, length_field(1, name.encode()) + length_field(2, _feature(kinds[name], one[row])))
                for name, one in sorted(tensors.items())
            )
            rows[row] = length_field(1, entries)
        return {EXAMPLES: rows}

    def undo(self, sent: Tensors, tensors: Tensors) -> dict[str, Tensor]:
        """Parse the Examples."""
        rows = [_parse(example, tensors) for example in sent[EXAMPLES]]
        return {name: np.stack([row[name] for row in rows]).reshape(one.shape) for name, one in tensors.items()}

    def bound(self, tensors: Tensors) -> float | None:
        """No error."""
        return 0.0


def _list_of(name: str, tensor: Tensor) -> int:
    if tensor.dtype == np.float32:
        return _FLOAT_LIST
    if tensor.dtype.kind in "iub" and tensor.dtype != np.uint64:
        return _INT64_LIST
    if tensor.dtype.hasobject:
        return _BYTES_LIST
    raise RepresentationError(f"a tf.Example holds float32, int64 and strings, and {name} is {tensor.dtype.name}")


def _feature(kind: int, row: Tensor) -> bytes:
    if kind == _FLOAT_LIST:
        values = length_field(1, np.ascontiguousarray(row, "<f4").tobytes())
    elif kind == _INT64_LIST:
        values = length_field(1, write_varints(np.ascontiguousarray(row, np.int64).reshape(-1)))
    else:
        values = b"".join(
            length_field(1, one.encode() if isinstance(one, str) else bytes(one))
            for one in np.ravel(np.asarray(row, object))
        )
    return length_field(kind, values)


def _parse(example: bytes, tensors: Tensors) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    features = next(span for number, span in fields(example) if number == 1)
    for name, feature in map_entries(example, features, 1):
        like = tensors[name]
        kind, values = next(iter(fields(example, feature)))
        spans = [span for number, span in fields(example, values) if number == 1]
        if kind == _BYTES_LIST:
            found[name] = np.array([example[start:stop] for start, stop in spans], object)
            continue
        ((start, stop),) = spans
        if kind == _FLOAT_LIST:
            found[name] = np.frombuffer(example[start:stop], "<f4").astype(like.dtype)
        else:
            numbers = np.empty(like.size // len(like), np.int64)
            read_varints(example[start:stop], numbers, np.dtype(np.int64), offset=start, exact=True)
            found[name] = numbers.astype(like.dtype)
    return found
