"""One version of one model: a SavedModel in a TensorFlow session, run as TensorFlow Serving runs it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import config_pb2

from serlab.embedded.dtypes import data_type_of, printed_name
from serlab.embedded.status import Code, StatusError, invalid_argument
from serlab.embedded.tensors import HighRankTensor, Tensor, Tensors, parse_tensor, serialize_tensor

tf.get_logger().setLevel("ERROR")

DEFAULT_SIGNATURE = "serving_default"


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How TensorFlow runs a model: thread counts (0: TensorFlow's choice) and the SavedModel's tags."""

    intra_op_threads: int = 0
    inter_op_threads: int = 0
    tags: tuple[str, ...] = ("serve",)


@dataclass(frozen=True, slots=True)
class _Run:
    """A way to run a signature that is prepared once: which outputs, how long, and whether tensors come serialized."""

    signature: str
    outputs: tuple[str, ...]
    timeout_ms: int
    serialized: bool


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
        self._graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=self._graph, config=config)
        try:
            with self._graph.as_default():
                meta_graph = tf.compat.v1.saved_model.loader.load(self._session, list(options.tags), str(path))
        # The loader raises whatever the broken part of the model provokes, from OSError to protobuf's DecodeError.
        except Exception as error:
            self._session.close()
            raise StatusError(Code.UNKNOWN, f"cannot load the SavedModel {path}: {error}") from error
        self.signatures: Mapping[str, Any] = dict(meta_graph.signature_def)
        self._callables: dict[_Run, Any] = {}
        self._lock = threading.Lock()

    def run(self, name: str, inputs: Tensors, outputs: Sequence[str], timeout_ms: int = 0) -> dict[str, Tensor]:
        """Run the signature ``name`` on all of its inputs and return ``outputs`` by alias.

        A run is given up after ``timeout_ms`` milliseconds, unless that is 0.

        Raises:
            StatusError: a dtype the graph does not take, or whatever an op of the graph reports.
        """
        signature = self.signatures[name]
        for position, alias in enumerate(sorted(signature.inputs)):
            # A session callable words this differently from Session::Run, which TensorFlow Serving calls.
            wanted, given = signature.inputs[alias].dtype, data_type_of(inputs[alias].dtype)
            if wanted != given:
                raise invalid_argument(
                    f"Expects arg[{position}] to be {printed_name(wanted)} but {printed_name(given)} is provided"
                )
        serialized = any(isinstance(tensor, HighRankTensor) for tensor in inputs.values())
        feeds = [inputs[alias] for alias in sorted(signature.inputs)]
        run = _Run(name, tuple(outputs), timeout_ms, serialized)
        try:
            fetched = self._callable(run)(*(map(serialize_tensor, feeds) if serialized else feeds))
        except tf.errors.OpError as error:
            raise StatusError(Code(error.error_code), error.message) from error
        if serialized:
            tensors = [parse_tensor(tensor_pb2.TensorProto.FromString(proto)) for proto in fetched]
        else:
            # A session returns scalars as such: numpy's, or bytes.
            tensors = [np.asarray(value, object if isinstance(value, bytes) else None) for value in fetched]
        return dict(zip(outputs, tensors, strict=True))

    def close(self) -> None:
        """Release the session."""
        self._callables.clear()
        self._session.close()

    def _callable(self, run: _Run) -> Any:
        with self._lock:
            if run not in self._callables:
                options = self._serialized_options(run) if run.serialized else self._options(run)
                options.run_options.timeout_in_ms = run.timeout_ms
                self._callables[run] = self._session._make_callable_from_options(options)
            return self._callables[run]

    def _options(self, run: _Run) -> config_pb2.CallableOptions:
        signature = self.signatures[run.signature]
        return config_pb2.CallableOptions(
            feed=[signature.inputs[alias].name for alias in sorted(signature.inputs)],
            fetch=[signature.outputs[alias].name for alias in run.outputs],
        )

    def _serialized_options(self, run: _Run) -> config_pb2.CallableOptions:
        """Feed and fetch serialized TensorProtos: a way around numpy, which has no arrays of high rank."""
        signature = self.signatures[run.signature]
        options = config_pb2.CallableOptions()
        with self._graph.as_default(), tf.name_scope("serlab_serialized"):
            for alias in sorted(signature.inputs):
                info = signature.inputs[alias]
                proto = tf.compat.v1.placeholder(tf.string, [])
                options.feed.append(proto.name)
                parsed = tf.io.parse_tensor(proto, tf.as_dtype(info.dtype))
                options.tensor_connection.add(from_tensor=parsed.name, to_tensor=info.name)
            for alias in run.outputs:
                output = self._graph.get_tensor_by_name(signature.outputs[alias].name)
                options.fetch.append(tf.io.serialize_tensor(output).name)
        return options
