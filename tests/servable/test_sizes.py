"""The servable that laws are learnt from answers what its table says, of any size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from serlab.servable import sizes


@pytest.fixture(scope="module")
def functions() -> Any:
    tf = pytest.importorskip("tensorflow")
    return tf, sizes._build(tf)[1]


@pytest.mark.parametrize("count", [1, 64, sizes.MAX_ELEMENTS])
def test_a_small_request_brings_a_big_answer(functions: Any, count: int) -> None:
    tf, by_name = functions
    numbers = by_name["make"](n=tf.constant([count], tf.int32))["y"].numpy()
    (text,) = by_name["make_bytes"](n=tf.constant([count], tf.int32))["y_bytes"].numpy()
    assert numbers.shape == (1, count)
    assert np.frombuffer(text, np.float32).tobytes() == numbers.tobytes()


def test_a_big_request_brings_a_small_answer(functions: Any) -> None:
    tf, by_name = functions
    values = np.random.default_rng(2).random((1, 5_000), np.float32)
    assert by_name["eat"](x=tf.constant(values))["y"].numpy().tolist() == [values[0, 0]]
    assert by_name["eat_bytes"](x=tf.constant([values.tobytes()]))["y"].numpy().tolist() == [20_000.0]


def test_an_echo_brings_the_same(functions: Any) -> None:
    tf, by_name = functions
    values = np.random.default_rng(2).random((1, 5_000), np.float32)
    assert by_name["echo"](x=tf.constant(values))["y"].numpy().tobytes() == values.tobytes()
    assert by_name["echo_bytes"](x=tf.constant([b"any bytes"]))["y_bytes"].numpy().tolist() == [b"any bytes"]
