"""A text classifier: strings in, the names of all classes and their scores out, best first.

``text`` is string (n,); ``classes`` string (n, 5), ``scores`` float32 (n, 5). ``classes`` does not end in ``_bytes``:
over REST the names come as plain text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from serlab.servable.representations import concrete
from serlab.servable.saving import Built, Weights, save_model

TEXT_MODEL = "text"
INPUT, CLASSES, SCORES = "text", "classes", "scores"
LABELS = ("business", "politics", "science", "sport", "technology")

_SEED = 14
_BUCKETS, _EMBEDDING = 4096, 64


def export_text(path: Path) -> None:
    """Write the SavedModel into the version folder ``path``. Raises ``ServableError`` as ``save_model`` does."""
    save_model(TEXT_MODEL, path, _build)


def _build(tf: Any) -> Built:
    weights = Weights(tf, _SEED)
    words, head = weights.draw(_BUCKETS, _EMBEDDING), weights.draw(_EMBEDDING, len(LABELS))

    def classify(text: Any) -> dict[str, Any]:
        tokens = tf.strings.split(tf.strings.lower(text)).to_tensor(default_value="")
        known = tf.cast(tf.not_equal(tokens, ""), tf.float32)[..., None]
        vectors = tf.gather(words, tf.strings.to_hash_bucket_fast(tokens, _BUCKETS)) * known
        # The mean over the words; of an empty text, zeros.
        mean = tf.math.divide_no_nan(tf.reduce_sum(vectors, 1), tf.reduce_sum(known, 1))
        scores, order = tf.math.top_k(tf.nn.softmax(mean @ head * _EMBEDDING), len(LABELS))
        return {CLASSES: tf.gather(tf.constant(LABELS), order), SCORES: scores}

    return weights.module, concrete(tf, classify, {INPUT: tf.TensorSpec([None], tf.string, name=INPUT)})
