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

from serlab.embedded.status import Code, StatusError, invalid_argument
from serlab.embedded.subnormals import subnormals_flushed
from serlab.embedded.tensors import (
    HighRankTensor,
    OpaqueTensor,
    Tensor,
    parse_tensor,
    printed_name,
    serialize_tensor,
    tensor_type,
)

tf.get_logger().setLevel("ERROR")

DEFAULT_SIGNATURE = "serving_default"


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How TensorFlow runs a model: thread counts (0: TensorFlow's choice) and the SavedModel's tags."""

    intra_op_threads: int = 0
    inter_op_threads: int = 0
    tags: tuple[str, ...] = ("serve",)


@dataclass(frozen=True, slots=True, eq=False)
class Signature:
    """A signature with what every request asks of it: its inputs (alias and DataType) and outputs, sorted by alias."""

    name: str
    definition: Any
    inputs: Mapping[str, int]
    outputs: tuple[str, ...]

    @classmethod
    def of(cls, name: str, definition: Any) -> Signature:
        """Return what a SignatureDef says."""
        inputs = {alias: int(definition.inputs[alias].dtype) for alias in sorted(definition.inputs)}
        return cls(name, definition, inputs, tuple(sorted(definition.outputs)))


@dataclass(frozen=True, slots=True)
class _Run:
    """A way to run a signature that is prepared once: which outputs, how long, whether tensors come serialized,
    and whether the graph runs in the caller's thread."""

    signature: str
    outputs: tuple[str, ...]
    timeout_ms: int
    serialized: bool
    in_place: bool


class LoadedModel:
    """A SavedModel ready to run.

    A TensorFlow 1 session rather than ``tf.saved_model.load``: it is what TensorFlow Serving itself runs, so feeds and
    fetches by name, flushed subnormals and the wording of errors are the real ones.

    Raises:
        StatusError: the SavedModel cannot be loaded.
    """

    def __init__(self, path: Path, options: SessionOptions | None = None) -> None:
        options = options or SessionOptions()
        self._pool_asked_for = options.inter_op_threads > 0
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
        self.signatures: Mapping[str, Signature] = {
            name: Signature.of(name, definition) for name, definition in meta_graph.signature_def.items()
        }
        self._callables: dict[_Run, Any] = {}
        self._lock = threading.Lock()

    def run(
        self,
        signature: Signature,
        inputs: Mapping[str, Tensor | OpaqueTensor],
        outputs: Sequence[str],
        timeout_ms: int = 0,
    ) -> dict[str, Tensor]:
        """Run a signature of this model on all of its inputs and return ``outputs`` by alias.

        A run is given up after ``timeout_ms`` milliseconds, unless that is 0.

        Raises:
            StatusError: a dtype the graph does not take, or whatever an op of the graph reports.
        """
        feeds: list[Any] = []
        serialized = False
        for position, (alias, wanted) in enumerate(signature.inputs.items()):
            tensor = inputs[alias]
            # A session callable words this differently from Session::Run, which TensorFlow Serving calls.
            if (given := tensor_type(tensor)) != wanted:
                raise invalid_argument(
                    f"Expects arg[{position}] to be {printed_name(wanted)} but {printed_name(given)} is provided"
                )
            if isinstance(tensor, OpaqueTensor):
                raise StatusError(Code.UNIMPLEMENTED, f"no {printed_name(given)} can be fed to the embedded server")
            serialized = serialized or isinstance(tensor, HighRankTensor)
            feeds.append(tensor)
        # Waking one of the session's threads takes longer than a small graph. But a run that may be given up needs a
        # thread that can be left behind, and only a thread that flushes subnormals computes as the session's do.
        in_place = not (timeout_ms or self._pool_asked_for) and subnormals_flushed()
        run = _Run(signature.name, tuple(outputs), timeout_ms, serialized, in_place)
        try:
            fetched = self._callable(run)(*(map(serialize_tensor, feeds) if serialized else feeds))
        except tf.errors.OpError as error:
            raise StatusError(Code(error.error_code), error.message) from error
        if serialized:
            tensors: list[Any] = [parse_tensor(tensor_pb2.TensorProto.FromString(proto)) for proto in fetched]
        else:
            # A session returns scalars as such: numpy's, or bytes.
            tensors = [np.asarray(value, object if isinstance(value, bytes) else None) for value in fetched]
        return dict(zip(outputs, tensors, strict=True))

    def close(self) -> None:
        """Release the session."""
        self._callables.clear()
        self._session.close()

    def _callable(self, run: _Run) -> Any:
        if run in self._callables:
            return self._callables[run]
        with self._lock:
            if run not in self._callables:
                options = self._serialized_options(run) if run.serialized else self._options(run)
                options.run_options.timeout_in_ms = run.timeout_ms
                options.run_options.inter_op_thread_pool = -1 if run.in_place else 0
                self._callables[run] = self._session._make_callable_from_options(options)
            return self._callables[run]

    def _options(self, run: _Run) -> config_pb2.CallableOptions:
        signature = self.signatures[run.signature].definition
        return config_pb2.CallableOptions(
            feed=[signature.inputs[alias].name for alias in sorted(signature.inputs)],
            fetch=[signature.outputs[alias].name for alias in run.outputs],
        )

    def _serialized_options(self, run: _Run) -> config_pb2.CallableOptions:
        """Feed and fetch serialized TensorProtos: a way around numpy, which has no arrays of high rank."""
        signature = self.signatures[run.signature].definition
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
