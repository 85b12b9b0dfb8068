"""A model that is worth batching, served without batching and with many settings of it, one signature each.

``x`` is float32 (n, 256) for all signatures. ``y`` (n, 16) is the model's output, ``rows`` (n,) the size of the batch
in which each row was computed: what batching came to. One row reads the same 41 MB of weights as a whole batch does,
so a batch costs little more than a row.

In-graph batching (``tf.nondifferentiable_batch_function``) works on any server that runs the graph; a setting is part
of the graph, hence a signature per setting.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from serlab.records.deployment import BatchSetting
from serlab.servable.saving import Built, Weights, save_model

BATCHED_MODEL = "batched"
INPUT, OUTPUT, ROWS = "x", "y", "rows"
FEATURES, OUTPUTS = 256, 16
#: The signature without batching.
PLAIN = "serving_default"
SETTINGS = tuple(
    BatchSetting(size, timeout_micros) for size in (2, 4, 8, 16, 32) for timeout_micros in (500, 2_000, 10_000)
)

_HIDDEN_UNITS = 3072
_SEED = 7
#: Batches computed at a time, and batches that wait: calls beyond them are refused with UNAVAILABLE.
_BATCH_THREADS = 2
_QUEUED_BATCHES = 100


def signature_of(setting: BatchSetting | None) -> str:
    """Return the signature that batches so: ``b8_t2000``; None means without batching."""
    return PLAIN if setting is None else f"b{setting.max_batch_size}_t{setting.timeout_micros}"


def export_batched(path: Path) -> None:
    """Write the SavedModel into the version folder ``path``. Raises ``ServableError`` as ``save_model`` does."""
    save_model(BATCHED_MODEL, path, _build)


def _build(tf: Any) -> Built:
    weights = Weights(tf, _SEED)
    layers = [weights.draw(*sizes) for sizes in pairwise((FEATURES, _HIDDEN_UNITS, _HIDDEN_UNITS, OUTPUTS))]
    row = tf.TensorSpec([None, FEATURES], tf.float32, name=INPUT)
    return weights.module, {
        signature_of(setting): tf.function(_body(tf, layers, setting)).get_concrete_function(row)
        for setting in (None, *SETTINGS)
    }


def _body(tf: Any, layers: list[Any], setting: BatchSetting | None) -> Callable[[Any], dict[str, Any]]:
    def compute(x: Any) -> tuple[Any, Any]:
        y = x
        for weights in layers[:-1]:
            y = tf.nn.relu(tf.matmul(y, weights))
        rows = tf.shape(x)[0]
        return tf.matmul(y, layers[-1]), tf.fill([rows], rows)

    def call(x: Any) -> dict[str, Any]:
        if setting is None:
            y, rows = compute(x)
        else:
            batch = tf.nondifferentiable_batch_function(
                _BATCH_THREADS, setting.max_batch_size, setting.timeout_micros, max_enqueued_batches=_QUEUED_BATCHES
            )
            # The scope names the batcher: without one of its own, a signature would share another's and its setting.
            with tf.name_scope(signature_of(setting)):
                y, rows = batch(compute)(x)
        return {OUTPUT: y, ROWS: rows}

    return call
