"""The servable that laws are learnt from: big requests with small answers, small requests with big answers, and echoes.

==============  ============================  ==================================================================
``eat``          ``x``: float32 ``1xN``         ``y``: its first number
``make``         ``n``: int32, one number       ``y``: ``n`` float32 as ``1xN``, at most ``MAX_ELEMENTS``
``echo``         ``x``: float32 ``1xN``         ``y``: the same
``eat_bytes``    ``x``: one string              ``y``: its length, float32
``make_bytes``   ``n``: int32, one number       ``y_bytes``: one string of ``4 x n`` bytes
``echo_bytes``   ``x``: one string              ``y_bytes``: the same
==============  ============================  ==================================================================

Nothing is computed: what a call takes is what its bodies take.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from serlab.servable.saving import Built, save_model

SIZES_MODEL = "sizes"
#: The largest answer: as many float32 as the payload batch-16 has.
MAX_ELEMENTS = 16 * 224 * 224 * 3
_SEED = 1


def export_sizes(path: Path) -> None:
    """Write the SavedModel into the version folder ``path``. Raises ``ServableError`` as ``save_model`` does."""
    save_model(SIZES_MODEL, path, _build)


def _build(tf: Any) -> Built:
    module = tf.Module()
    numbers = np.random.default_rng(_SEED).random(MAX_ELEMENTS, np.float32)
    module.numbers = tf.Variable(numbers, trainable=False)
    module.bytes = tf.constant(numbers.tobytes())

    def eat(x: Any) -> dict[str, Any]:
        return {"y": tf.reshape(x, [-1])[:1]}

    def make(n: Any) -> dict[str, Any]:
        return {"y": tf.expand_dims(module.numbers[: tf.reshape(n, [-1])[0]], 0)}

    def echo(x: Any) -> dict[str, Any]:
        return {"y": tf.identity(x)}

    def eat_bytes(x: Any) -> dict[str, Any]:
        return {"y": tf.cast(tf.strings.length(x), tf.float32)}

    def make_bytes(n: Any) -> dict[str, Any]:
        return {"y_bytes": tf.reshape(tf.strings.substr(module.bytes, 0, 4 * tf.reshape(n, [-1])[0]), [1])}

    def echo_bytes(x: Any) -> dict[str, Any]:
        return {"y_bytes": tf.identity(x)}

    floats, texts = tf.TensorSpec([1, None], tf.float32, name="x"), tf.TensorSpec([None], tf.string, name="x")
    count = tf.TensorSpec([None], tf.int32, name="n")
    takes = {eat: floats, make: count, echo: floats, eat_bytes: texts, make_bytes: count, echo_bytes: texts}
    return module, {
        body.__name__: tf.function(body).get_concrete_function(spec) for body, spec in takes.items()
    }  # fmt: skip
