"""A BERT-like encoder: token ids, attention mask and token types in, a vector of 256 numbers per token out.

Two layers of self-attention with random weights; the names of inputs and output are those of Hugging Face's exports.
``serving_default`` takes 128 tokens, ``any_length`` as many as come (positions beyond 512 start again).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from serlab.servable.representations import concrete
from serlab.servable.saving import Built, Weights, save_model

BERT_MODEL = "bert"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUT = "last_hidden_state"
TOKENS, HIDDEN = 128, 256

_SEED = 11
_LAYERS, _HEADS, _FEED_FORWARD = 2, 4, 512
_VOCABULARY, _POSITIONS, _TYPES = 4096, 512, 2
#: Added to the attention of masked tokens, as BERT does: e^-10000 is 0.
_MASKED = -10_000.0


def export_bert(path: Path) -> None:
    """Write the SavedModel into the version folder ``path``. Raises ``ServableError`` as ``save_model`` does."""
    save_model(BERT_MODEL, path, _build)


def _build(tf: Any) -> Built:
    weights = Weights(tf, _SEED)
    tables = [weights.draw(rows, HIDDEN) for rows in (_VOCABULARY, _POSITIONS, _TYPES)]
    layers = [_draw_layer(weights) for _ in range(_LAYERS)]

    def encode(input_ids: Any, attention_mask: Any, token_type_ids: Any) -> dict[str, Any]:
        # Ids beyond the vocabulary wrap around, so that a payload of any integers is a request.
        positions = tf.range(tf.shape(input_ids, out_type=tf.int64)[1])[None, :]
        words, places, types = (
            tf.gather(table, tf.math.floormod(index, table.shape[0]))
            for table, index in zip(tables, (input_ids, positions, token_type_ids), strict=True)
        )
        x = _normalised(tf, words + places + types)
        bias = tf.where(attention_mask[:, None, None, :] > 0, 0.0, _MASKED)
        for layer in layers:
            x = _normalised(tf, x + _attention(tf, x, bias, layer))
            x = _normalised(tf, x + tf.nn.gelu(x @ layer["up"]) @ layer["down"])
        return {OUTPUT: x}

    def specs(tokens: int | None) -> dict[str, Any]:
        return {name: tf.TensorSpec([None, tokens], tf.int64, name=name) for name in INPUTS}

    any_length = tf.function(encode).get_concrete_function(**specs(None))
    return weights.module, {**concrete(tf, encode, specs(TOKENS)), "any_length": any_length}


def _draw_layer(weights: Weights) -> dict[str, Any]:
    layer = {name: weights.draw(HIDDEN, HIDDEN) for name in ("query", "key", "value", "out")}
    return layer | {"up": weights.draw(HIDDEN, _FEED_FORWARD), "down": weights.draw(_FEED_FORWARD, HIDDEN)}


def _attention(tf: Any, x: Any, bias: Any, layer: dict[str, Any]) -> Any:
    """Multi-head self-attention, (n, tokens, HIDDEN) in and out: softmax(q kᵀ / √d + bias) v (Vaswani et al., 2017)."""
    size = HIDDEN // _HEADS
    rows, tokens, _ = tf.unstack(tf.shape(x))

    def heads(name: str) -> Any:
        return tf.transpose(tf.reshape(x @ layer[name], [rows, tokens, _HEADS, size]), [0, 2, 1, 3])

    scores = tf.matmul(heads("query"), heads("key"), transpose_b=True) * size**-0.5 + bias
    mixed = tf.transpose(tf.nn.softmax(scores) @ heads("value"), [0, 2, 1, 3])
    return tf.reshape(mixed, [rows, tokens, HIDDEN]) @ layer["out"]


def _normalised(tf: Any, x: Any) -> Any:
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + 1e-12)
