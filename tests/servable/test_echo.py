"""The exported echo servable, run through a session: what each family of signatures does to exact bits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from serlab.servable import SIGNATURES, ensure_echo
from serlab.servable.signatures import Signature

pytest.importorskip("tensorflow")

#: Bit patterns a lossy step would change: NaN payloads, subnormals, signed zeros, extremes.
_BITS = np.array([0, 1, 0x7F, 0x80, 0xFF, 0x8000_0000, 0x7FC0_1234, 0x7F80_0001, 0x0040_0000, 0xFFFF_FFFF], np.uint32)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    import tensorflow as tf

    path = ensure_echo(tmp_path_factory.mktemp("cache")) / "1"
    graph = tf.Graph()
    with graph.as_default(), tf.compat.v1.Session(graph=graph) as opened:
        meta_graph = tf.compat.v1.saved_model.loader.load(opened, ["serve"], str(path))

        def run(entry: Signature, value: Any) -> Any:
            exported = meta_graph.signature_def[entry.name]
            feeds = {exported.inputs[entry.input].name: value}
            return opened.run(exported.outputs[entry.output].name, feeds)

        yield run


def _numpy(dtype: str) -> np.dtype[Any]:
    return np.dtype(getattr(ml_dtypes, dtype, dtype))


def _bit_patterns(dtype: str) -> np.ndarray[Any, Any]:
    if dtype == "bool":
        return np.array([True, False] * 10)
    repeated = np.tile(_BITS, 4)
    return repeated.view(_numpy(dtype))


@pytest.mark.parametrize("entry", [s for s in SIGNATURES.values() if s.kind == "echo"], ids=lambda s: s.name)
def test_echo_returns_the_same_bits_in_the_same_shape(session: Any, entry: Signature) -> None:
    if entry.dtype == "string":
        value = np.array([[b"a", b"\xff\x00"]], object)
        assert session(entry, value).tolist() == value.tolist()
        return
    value = _bit_patterns(entry.dtype)
    value = value.reshape(2, value.size // 2, 1)
    echoed = session(entry, value)
    assert (echoed.dtype, echoed.shape, echoed.tobytes()) == (value.dtype, value.shape, value.tobytes())


@pytest.mark.parametrize("entry", [s for s in SIGNATURES.values() if s.kind == "bits"], ids=lambda s: s.name)
def test_bits_answers_the_little_endian_bytes_received(session: Any, entry: Signature) -> None:
    value = _bit_patterns(entry.dtype).reshape(2, -1)
    assert session(entry, value).tolist() == [value.tobytes()]
    assert session(entry, value[:0]).tolist() == [b""]


@pytest.mark.parametrize("entry", [s for s in SIGNATURES.values() if s.kind == "from_bits"], ids=lambda s: s.name)
def test_from_bits_reads_each_string_as_a_row(session: Any, entry: Signature) -> None:
    value = _bit_patterns(entry.dtype).reshape(2, -1)
    decoded = session(entry, np.array([row.tobytes() for row in value], object))
    assert (decoded.dtype, decoded.shape, decoded.tobytes()) == (value.dtype, value.shape, value.tobytes())


def test_bytes_answers_the_strings_it_got(session: Any) -> None:
    value = np.array([b"", b"\x00\xff", b"plain"], object)
    assert session(SIGNATURES["bytes"], value).tolist() == value.tolist()
