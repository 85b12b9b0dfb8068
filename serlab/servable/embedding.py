"""An embedding model: 64 token ids in, one vector of 1,024 numbers and length 1 out: a small request, a larger answer.

``ids`` is int64 (n, 64), ``embedding`` float32 (n, 1024). Ids beyond the vocabulary wrap around.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from serlab.servable.representations import concrete
from serlab.servable.saving import Built, Weights, save_model

EMBEDDING_MODEL = "embedding"
INPUT, OUTPUT = "ids", "embedding"
TOKENS, DIMENSIONS = 64, 1024

_SEED = 15
_VOCABULARY = 2048


def export_embedding(path: Path) -> None:
    """Write the SavedModel into the version folder ``path``. Raises ``ServableError`` as ``save_model`` does."""
    save_model(EMBEDDING_MODEL, path, _build)


def _build(tf: Any) -> Built:
    weights = Weights(tf, _SEED)
    table = weights.draw(_VOCABULARY, DIMENSIONS)

    def embed(ids: Any) -> dict[str, Any]:
        mean = tf.reduce_mean(tf.gather(table, tf.math.floormod(ids, _VOCABULARY)), 1)
        return {OUTPUT: tf.math.l2_normalize(mean, -1)}

    return weights.module, concrete(tf, embed, {INPUT: tf.TensorSpec([None, TOKENS], tf.int64, name=INPUT)})
