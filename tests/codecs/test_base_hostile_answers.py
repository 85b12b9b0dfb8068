"""Whatever a server answers, a codec reads tensors of it or says why not: nothing else is ever raised."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.codecs.base import Call, Codec, Tensor, TensorSpec
from serlab.errors import CodecError
from serlab.records.call import STRING

#: Answers in all; each codec has its share.
TRIES = 6000
_CODECS = [name for name in registry.all_codecs() if registry.transport_of(name) != "none"]

TEXTS = np.empty(2, object)
TEXTS[:] = [b"a", b"\xff\x00"]
ONE: Mapping[str, Tensor] = {"y": np.array([[0.5, -1.25, 3.0]], np.float32)}
SEVERAL: Mapping[str, Tensor] = {
    "scores": np.array([[0.5, 0.25], [1.0, 2.0]], np.float32), "classes": np.array([[1, 2], [3, 4]]), "texts": TEXTS,
}  # fmt: skip
#: JSON documents that are no answer, or one that lies: of names, shapes, types, sizes, and of depths.
DOCUMENTS = (
    b"", b"null", b"[]", b"{}", b"0", b'"predictions"', b'{"predictions": null}', b'{"predictions": {}}',
    b'{"predictions": []}', b'{"outputs": []}', b'{"outputs": {}}', b'{"outputs": {"y": {}}}', b'{"error": "no"}',
    b'{"error": 7}', b'{"predictions": [[1, 2], [3]]}', b'{"predictions": [1e999, -1e999]}', b'{"predictions": [NaN]}',
    b'{"predictions": [{"b64": 7}]}', b'{"predictions": [{"b64": "%"}]}', b'{"predictions": ["a", 1, null, true]}',
    b'{"predictions": [{"scores": [1], "classes": "x"}]}', b'{"predictions": [{"y": 1}, {"z": 1}]}',
    b'{"predictions": 18446744073709551616}', b'{"predictions": [[[[[[[[1]]]]]]]]}', b'{"predictions": [' + b"9" * 5000,
    b'{"outputs": ' + b"[" * 900 + b"]" * 900 + b"}", b'{"predictions": ' + b"[" * 300 + b'"a"' + b"]" * 300 + b"}",
    b'{"outputs": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", b'{"predictions": ' + b'{"a":' * 20_000, b"\xff\xfe{}",
    b'{"predictions": ["\\ud800"]}', b'\x00{"predictions": [1]}', b"<html>502 Bad Gateway</html>", b"\x1f\x8b\x08\x00",
    b'{"predictions": [[true, false, true]]}', b'{"predictions": [[1.5, "NaN", "Infinity"]]}', b'{"outputs": 1}',
    b'{"outputs": {"scores": [[1, 2]], "classes": [[1e300, -1]], "texts": [{"b64": ""}]}}',
    b'{"predictions": [{"scores": [], "classes": [], "texts": []}, {}]}', b'{"predictions": [-0, 1E400, 1e-400]}',
)  # fmt: skip
#: Protobuf fields that lie about sizes, types and depths.
MESSAGES = (
    b"", b"\x0a", b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x00", b"\x0a\x03\x0a\x01y", b"\x0a\x05\x0a\x01y\x12\x00",
    b"\x0a\x09\x0a\x01y\x12\x04\x08\x01\x12\x00", b"\x08" + b"\xff" * 10, b"\x0b" * 200, b"\x12\x00\x12\x00", b"\x07",
    # a float32 whose size is 2^62, one of -1, one of unknown rank, and a dtype that does not exist
    b"\x0a\x16\x0a\x01y\x12\x11\x08\x01\x12\x0d\x12\x0b\x08\x80\x80\x80\x80\x80\x80\x80\x80\x40",
    b"\x0a\x15\x0a\x01y\x12\x10\x08\x01\x12\x0d\x12\x0b\x08" + b"\xff" * 9 + b"\x01",
    b"\x0a\x0b\x0a\x01y\x12\x06\x08\x01\x12\x02\x18\x01",
    b"\x0a\x07\x0a\x01y\x12\x02\x08\x7f",
)  # fmt: skip


def call_for(codec: Codec, tensors: Mapping[str, Tensor]) -> Call:
    """A model that answers ``tensors``: in strings of bytes where the codec's signature has those."""
    specs = {}
    for name, tensor in tensors.items():
        spec = TensorSpec(STRING if tensor.dtype.hasobject else tensor.dtype.name, tensor.shape)
        packs = codec.signature == "bytes" and not tensor.dtype.hasobject
        specs[name] = TensorSpec(STRING, tensor.shape[:1], packs=spec) if packs else spec
    return Call("model", codec.signature, {"x": TensorSpec("float32", (1, 3))}, specs)


def mutations(body: bytes, extra: tuple[bytes, ...], draw: random.Random) -> Callable[[], bytes]:
    """Return what makes hostile bodies: a good one bent in some places, cut or grown, or one that never was good."""

    def make() -> bytes:
        choice = draw.random()
        if choice < 0.2:
            return draw.choice(extra)
        if choice < 0.25:
            return draw.randbytes(draw.randrange(40))
        bent = bytearray(body)
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(bent) + 1)
            kind = draw.randrange(5)
            if kind == 0:
                bent[at:] = b""
            elif kind == 1:
                bent[at : at + draw.randint(1, 8)] = b""
            elif kind == 2:
                bent[at:at] = draw.choice(
                    (b"null", b"{}", b"[", b"]", b'"', b"1e999", b"-", b",", b"NaN", b"\xff\xff\xff\x7f")
                )
            elif kind == 3:
                bent[at : at + 1] = bytes([draw.randrange(256)])
            else:
                start = draw.randrange(len(bent) + 1)
                bent[at:at] = bent[start : start + draw.randint(1, 30)]
        return bytes(bent)

    return make


@pytest.mark.parametrize("tensors", [ONE, SEVERAL], ids=["one output", "several outputs"])
@pytest.mark.parametrize("name", _CODECS)
def test_an_answer_is_read_or_refused(name: str, tensors: Mapping[str, Tensor]) -> None:
    codec = registry.get(name)
    if codec.signature == "bytes":
        # A model that packs numbers into strings does so for every output.
        tensors = {name: tensor for name, tensor in tensors.items() if not tensor.dtype.hasobject}
    call = call_for(codec, tensors)
    extra = MESSAGES if codec.transport == "grpc" else DOCUMENTS
    draw = random.Random(f"{name}/{len(tensors)}")
    share = TRIES // (2 * len(_CODECS)) + 1
    read = 0
    for form in codec.forms:
        good = bytes(codec.write_response(dict(tensors), call, form))
        assert codec.decode(good, call).keys() == tensors.keys()
        make = mutations(good, extra, draw)
        for body in (*extra, *(make() for _ in range(share))):
            try:
                found = codec.decode(body, call)
            except CodecError:
                continue
            read += 1
            assert found.keys() == tensors.keys(), body
            assert all(isinstance(tensor, np.ndarray) for tensor in found.values())
    assert read, "some bend nothing that matters"


def test_there_are_enough_of_them() -> None:
    assert len(_CODECS) * 2 * (TRIES // (2 * len(_CODECS)) + 1) >= 5000
