"""What every export has in common: TensorFlow loaded late, weights drawn from a seed, errors told in serlab's words."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from serlab.errors import ServableError

#: What a model is built as: the module that keeps its variables, and a concrete function per signature.
Built = tuple[Any, Mapping[str, Any]]


class Weights:
    """Draws a model's variables, the same for the same ``seed``, and keeps them in ``module``, to be saved."""

    def __init__(self, tf: Any, seed: int) -> None:
        self._tf = tf
        self._rng = np.random.default_rng(seed)
        self.module = tf.Module()
        self.module.variables_drawn = []

    def draw(self, *shape: int) -> Any:
        """Return a float32 variable of normal values, scaled by the fan-in so that layers keep the size of values."""
        fan_in = int(np.prod(shape[:-1])) or 1
        values = self._rng.standard_normal(shape, np.float32) * np.float32(fan_in**-0.5)
        variable = self._tf.Variable(values)
        self.module.variables_drawn.append(variable)
        return variable


def save_model(model: str, path: Path, build: Callable[[Any], Built]) -> None:
    """Write what ``build(tensorflow)`` returns as a SavedModel into the version folder ``path``.

    Raises:
        ServableError: TensorFlow is missing, or the folder cannot be written.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import tensorflow as tf
    except ImportError as error:
        raise ServableError(f"exporting {model} needs TensorFlow: pip install 'serlab[tensorflow]'") from error
    module, functions = build(tf)
    try:
        tf.saved_model.save(module, str(path), signatures=functions)
    except (OSError, tf.errors.OpError) as error:
        raise ServableError(f"cannot write {model} to {path}: {error}") from error
