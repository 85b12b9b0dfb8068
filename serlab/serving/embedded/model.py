"""One version of one model: a SavedModel in a TensorFlow session, run as TensorFlow Serving runs it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.ops import gen_parsing_ops

from serlab.serving.embedded.dtypes import data_type_of, printed_name
from serlab.serving.embedded.status import Code, StatusError, invalid_argument

tf.get_logger().setLevel("ERROR")

DEFAULT_SIGNATURE = "serving_default"

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How TensorFlow runs a model: thread counts (0: TensorFlow's choice) and the SavedModel's tags."""

    intra_op_threads: int = 0
    inter_op_threads: int = 0
    tags: tuple[str, ...] = ("serve",)


class LoadedModel:
    """A SavedModel ready to run.

    A TensorFlow 1 session rather than ``tf.saved_model.load``: it is what TensorFlow Serving itself runs, so feeds and
    fetches by name, flushed subnormals and the wording of errors are the real ones.

    Raises:
        StatusError: the SavedModel cannot be loaded.
    """

    def __init__(self, path: Path, options: SessionOptions | None = None) -> None:
        options = options or SessionOptions()
        config = config_pb2.ConfigProto(
            intra_op_parallelism_threads=options.intra_op_threads,
            inter_op_parallelism_threads=options.inter_op_threads,
        )
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph, config=config)
        try:
            with graph.as_default():
                meta_graph = tf.compat.v1.saved_model.loader.load(self._session, list(options.tags), str(path))
        # The loader raises whatever the broken part of the model provokes, from OSError to protobuf's DecodeError.
        except Exception as error:
            self._session.close()
            raise StatusError(Code.UNKNOWN, f"cannot load the SavedModel {path}: {error}") from error
        self.signatures: Mapping[str, Any] = dict(meta_graph.signature_def)
        self._callables: dict[tuple[str, tuple[str, ...], int], Any] = {}
        self._lock = threading.Lock()

    def run(self, name: str, inputs: Tensors, outputs: Sequence[str], timeout_ms: int = 0) -> dict[str, NDArray[Any]]:
        """Run the signature ``name`` on all of its inputs and return ``outputs`` by alias.

        A run is given up after ``timeout_ms`` milliseconds, unless that is 0.

        Raises:
            StatusError: a dtype the graph does not take, or whatever an op of the graph reports.
        """
        signature = self.signatures[name]
        feeds = sorted(signature.inputs)
        for position, alias in enumerate(feeds):
            # A session callable words this differently from Session::Run, which TensorFlow Serving calls.
            wanted, given = signature.inputs[alias].dtype, data_type_of(inputs[alias].dtype)
            if wanted != given:
                raise invalid_argument(
                    f"Expects arg[{position}] to be {printed_name(wanted)} but {printed_name(given)} is provided"
                )
        try:
            fetched = self._callable(name, signature, feeds, tuple(outputs), timeout_ms)(
                *(inputs[alias] for alias in feeds)
            )
        except tf.errors.OpError as error:
            raise StatusError(Code(error.error_code), error.message) from error
        return dict(zip(outputs, fetched, strict=True))

    def close(self) -> None:
        """Release the session."""
        self._callables.clear()
        self._session.close()

    def _callable(self, name: str, signature: Any, feeds: list[str], outputs: tuple[str, ...], timeout_ms: int) -> Any:
        key = (name, outputs, timeout_ms)
        with self._lock:
            if key not in self._callables:
                options = config_pb2.CallableOptions(
                    feed=[signature.inputs[alias].name for alias in feeds],
                    fetch=[signature.outputs[alias].name for alias in outputs],
                    run_options=config_pb2.RunOptions(timeout_in_ms=timeout_ms),
                )
                self._callables[key] = self._session._make_callable_from_options(options)
            return self._callables[key]


def parse_tensor(serialized: bytes, dtype: int) -> NDArray[Any]:
    """Return the array of a serialized TensorProto of DataType ``dtype``, read by TensorFlow's ``Tensor::FromProto``.

    Strings come as an object array of bytes.

    Raises:
        StatusError: the message does not hold such a tensor.
    """
    try:
        array = gen_parsing_ops.parse_tensor(serialized, tf.as_dtype(dtype))._numpy()
    except (tf.errors.OpError, TypeError, ValueError) as error:
        # A ValueError is numpy's: it knows no arrays of more than 64 dimensions.
        raise invalid_argument(f"tensor parsing error: {error}") from error
    return np.asarray(array, dtype=object) if dtype == tf.string.as_datatype_enum else np.asarray(array)
