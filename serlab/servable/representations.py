"""Signatures that undo in the graph what a client did to send less: a model's own signature, and variants of it.

=====================================  ============================================================================
``uint8``, ``float16``, ``bfloat16``   every float32 input in that dtype; uint8 is scaled from 0–255 to 0–1
``jpeg``, ``png``                      every image input as strings (n,), one encoded image each
``tf_example``                         ``examples``: strings (n,), one serialized tf.Example with all inputs each
=====================================  ============================================================================

Where a model is asked for raw bytes too, each has a twin ``…_bytes`` (the model's own is ``bytes``) for base64 over
REST: tensors come as strings (n,) of little-endian bytes, and the output goes back so, its name ending in ``_bytes``.
A signature is made only where the model has inputs that it fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from serlab.servable.raw_bytes import from_row_bytes, row_bytes

EXAMPLES = "examples"
#: Multiplied, not divided: the optimizer makes a product of a division by a constant, with other last bits.
_SCALE = 1 / 255
_CASTS = ("uint8", "float16", "bfloat16")
_IMAGES = ("jpeg", "png")

Specs = Mapping[str, Any]
#: Turns what came into what the model takes.
Undo = Callable[[Mapping[str, Any]], dict[str, Any]]


def signatures(
    tf: Any, model: Callable[..., dict[str, Any]], specs: Specs, *, raw_bytes: bool = False
) -> dict[str, tuple[Callable[..., dict[str, Any]], Specs]]:
    """Return ``model`` as ``serving_default`` and behind every representation that fits, each with its input specs.

    ``model`` takes the tensors of ``specs`` by name. ``raw_bytes`` adds the twins; such a model has one input and one
    numeric output.
    """
    # One function that all signatures call: the graph holds the model once.
    shared = tf.function(model)
    found = {}
    for name, given, undo in _ways(tf, specs):
        found[name or "serving_default"] = (_restored(shared, undo), given)
        if raw_bytes:
            found[f"{name}_bytes" if name else "bytes"] = _in_bytes(tf, shared, given, undo)
    return found


def concrete(tf: Any, model: Callable[..., dict[str, Any]], specs: Specs, **options: bool) -> dict[str, Any]:
    """Return ``signatures`` as concrete functions."""
    ways = signatures(tf, model, specs, **options)
    return {name: tf.function(function).get_concrete_function(**given) for name, (function, given) in ways.items()}


def _ways(tf: Any, specs: Specs) -> Iterator[tuple[str, Specs, Undo]]:
    yield "", specs, lambda given: dict(given)
    floats = [name for name, spec in specs.items() if spec.dtype == tf.float32]
    if floats:
        for dtype in _CASTS:
            narrow = {name: tf.TensorSpec(specs[name].shape, dtype, name) for name in floats}
            yield dtype, {**specs, **narrow}, _uncast(tf, floats, _SCALE if dtype == "uint8" else None)
    images = [name for name, spec in specs.items() if _is_image(tf, spec)]
    if images:
        strings = {name: tf.TensorSpec([None], tf.string, name) for name in images}
        for kind in _IMAGES:
            yield kind, {**specs, **strings}, _decode(tf, kind, {name: specs[name] for name in images})
    if all(spec.shape.rank is None or spec.shape[1:].is_fully_defined() for spec in specs.values()):
        yield "tf_example", {EXAMPLES: tf.TensorSpec([None], tf.string, EXAMPLES)}, _parse(tf, specs)


def _is_image(tf: Any, spec: Any) -> bool:
    if spec.dtype not in (tf.float32, tf.uint8):
        return False
    return spec.shape.rank is None or (spec.shape.rank == 4 and spec.shape[3] in (1, 3))


def _uncast(tf: Any, names: list[str], scale: float | None) -> Undo:
    def undo(given: Mapping[str, Any]) -> dict[str, Any]:
        wide = {name: tf.cast(given[name], tf.float32) for name in names}
        return {**given, **(wide if scale is None else {name: x * scale for name, x in wide.items()})}

    return undo


def _decode(tf: Any, kind: str, specs: Specs) -> Undo:
    def decoded(file: Any, channels: int) -> Any:
        if kind == "png":
            return tf.io.decode_png(file, channels=channels)
        return tf.io.decode_jpeg(file, channels=channels, dct_method="INTEGER_ACCURATE")

    def undo(given: Mapping[str, Any]) -> dict[str, Any]:
        images = {}
        for name, spec in specs.items():
            shape = [None, None, None] if spec.shape.rank is None else spec.shape[1:]
            channels = shape[2] or 0  # 0: as many as the file has
            pixels = tf.map_fn(
                lambda file, channels=channels: decoded(file, channels),
                given[name],
                fn_output_signature=tf.TensorSpec([None, None, shape[2]], tf.uint8),
            )
            pixels = tf.ensure_shape(pixels, [None, *shape])
            images[name] = tf.cast(pixels, tf.float32) * _SCALE if spec.dtype == tf.float32 else pixels
        return {**given, **images}

    return undo


def _parse(tf: Any, specs: Specs) -> Undo:
    def feature(spec: Any) -> Any:
        dtype = spec.dtype if spec.dtype in (tf.float32, tf.string) else tf.int64
        if spec.shape.rank is None:
            return tf.io.FixedLenSequenceFeature([], dtype, allow_missing=True)
        return tf.io.FixedLenFeature(spec.shape[1:], dtype)

    def undo(given: Mapping[str, Any]) -> dict[str, Any]:
        parsed = tf.io.parse_example(given[EXAMPLES], {name: feature(spec) for name, spec in specs.items()})
        return {name: tf.cast(parsed[name], spec.dtype) if parsed[name].dtype != spec.dtype else parsed[name]
                for name, spec in specs.items()}  # fmt: skip

    return undo


def _restored(model: Callable[..., dict[str, Any]], undo: Undo) -> Callable[..., dict[str, Any]]:
    def call(**given: Any) -> dict[str, Any]:
        return model(**undo(given))

    return call


def _in_bytes(
    tf: Any, model: Callable[..., dict[str, Any]], given: Specs, undo: Undo
) -> tuple[Callable[..., dict[str, Any]], Specs]:
    ((name, spec),) = given.items()

    def call(**strings: Any) -> dict[str, Any]:
        tensor = strings[name]
        if spec.dtype != tf.string:
            tensor = from_row_bytes(tf, tensor, spec.dtype.name)
            if spec.shape.rank is not None:
                tensor = tf.reshape(tensor, [-1, *spec.shape[1:]])
        ((output, y),) = model(**undo({name: tensor})).items()
        return {f"{output}_bytes": row_bytes(tf, y)}

    return call, {name: tf.TensorSpec([None], tf.string, name)}
