"""The real protobuf messages, and messages that no library would write."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from serlab.wire.dtypes import DATA_TYPES


def _varint(number: int, padding: int = 0) -> bytes:
    """``number`` as a varint, ``padding`` bytes longer than need be."""
    number &= 2**64 - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    for _ in range(padding):
        out[-1] |= 128
        out.append(0)
    return bytes(out)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


@pytest.fixture(scope="session")
def raw() -> SimpleNamespace:
    """``varint(number, padding=0)`` and ``field(number, content)``, written independently of the code under test."""
    return SimpleNamespace(varint=_varint, field=_field)


@pytest.fixture(scope="session")
def stock() -> SimpleNamespace:
    """TensorFlow and the generated messages.

    ``plain_request`` and ``plain_response`` are the same messages with the map declared as what it is on the wire, a
    repeated entry ``tensors``: Python's protobuf drops a map entry that holds an unknown field, other protobufs do not.
    """
    tf = pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'serlab[tensorflow]'")
    predict_pb2 = pytest.importorskip("tensorflow_serving.apis.predict_pb2", reason="needs tensorflow-serving-api")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    from tensorflow.core.framework import tensor_pb2

    file = descriptor_pb2.FileDescriptorProto(name="plain_predict.proto", package="plain", syntax="proto3")
    file.dependency.extend(["tensorflow/core/framework/tensor.proto", "tensorflow_serving/apis/predict.proto",
                            "tensorflow_serving/apis/model.proto"])  # fmt: skip

    def add(message: Any, name: str, number: int, type_name: Any = "", repeated: Any = False) -> None:
        kind = {"type": 11, "type_name": type_name} if type_name else {"type": 9}
        message.field.add(name=name, number=number, label=3 if repeated else 1, **kind)

    entry = file.message_type.add(name="Entry")
    add(entry, "key", 1)
    add(entry, "value", 2, ".tensorflow.TensorProto")
    for name, tensors, model in (("Request", 2, 1), ("Response", 1, 2)):
        message = file.message_type.add(name=name)
        add(message, "tensors", tensors, ".plain.Entry", repeated=True)
        add(message, "model_spec", model, ".tensorflow.serving.ModelSpec")
        if name == "Request":
            add(message, "output_filter", 3, repeated=True)
            add(message, "streamed", 5, ".tensorflow.serving.PredictStreamedOptions")
            add(message, "options", 7, ".tensorflow.serving.PredictRequest.RequestOptions")
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    plain = [message_factory.GetMessageClass(pool.FindMessageTypeByName(f"plain.{n}")) for n in ("Request", "Response")]
    return SimpleNamespace(
        tf=tf,
        tensor=tensor_pb2.TensorProto,
        request=predict_pb2.PredictRequest,
        response=predict_pb2.PredictResponse,
        plain_request=plain[0],
        plain_response=plain[1],
    )


class MessageMaker:
    """Draws messages: mostly sound ones, each with a share of everything that can be odd or wrong in one."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one_in(self, n: int) -> bool:
        return self.random.randrange(n) == 0

    def varint(self, number: int) -> bytes:
        return _varint(number, padding=self.random.choice([0] * 20 + [1, 2]))

    def field(self, number: int, content: bytes) -> bytes:
        return self.varint(number << 3 | 2) + self.varint(len(content)) + content

    def shuffled(self, pieces: list[bytes]) -> bytes:
        if self.one_in(2):
            self.random.shuffle(pieces)
        return b"".join(pieces)

    def unknown(self) -> bytes:
        rng, number = self.random, self.random.choice([9, 20, 1000, 2**28])

        def tag(wire_type: int) -> bytes:
            return self.varint(number << 3 | wire_type)

        kinds: list[Callable[[], bytes]] = [
            lambda: tag(0) + self.varint(rng.getrandbits(64)),
            lambda: tag(1) + rng.randbytes(8),
            lambda: self.field(number, rng.randbytes(3)),
            lambda: tag(5) + rng.randbytes(4),
            lambda: tag(3) + (self.unknown() if self.one_in(2) else b"") + tag(4),
        ]
        written: bytes = rng.choice(kinds)()
        return written

    def text(self) -> bytes:
        return self.random.choice(
            [b"x", b"y", b"", b"\xc3\xa9"] + ([b"\xff", b"\xed\xa0\x80"] if self.one_in(20) else [])
        )

    def scalar(self, field: Any, dtype: int) -> bytes:
        rng = self.random
        if field.kind == "fixed":
            return rng.randbytes(field.item.itemsize)
        if field.name == "bool_val":
            return self.varint(rng.choice([0, 1, 1, 2**40]))
        if field.name == "half_val" or (field.name == "int_val" and dtype != 3):
            return self.varint(rng.choice([0, 1, 100, 127] * 4 + [128, 255, 40_000, 65_535, 65_536, -1, -128]))
        return self.varint(rng.getrandbits(rng.choice([3, 7, 14, 21, 35, 56, 63, 64])))

    def typed(self, field: Any, dtype: int, count: int) -> list[bytes]:
        rng = self.random
        if field.kind == "bytes":
            return [self.field(field.number, rng.randbytes(rng.randrange(4))) for _ in range(count)]
        scalars = [self.scalar(field, dtype) for _ in range(count)]
        wire_type = {"varint": 0}.get(field.kind, 5 if field.item.itemsize == 4 else 1)
        pieces: list[bytes] = []
        while scalars:
            cut = rng.choice([count, count, 1, 2, 20])
            chunk, scalars = scalars[:cut], scalars[cut:]
            if self.one_in(3):
                pieces += [self.varint(field.number << 3 | wire_type) + scalar for scalar in chunk]
            else:
                pieces.append(self.field(field.number, b"".join(chunk)))
        return pieces

    def shape(self) -> list[int]:
        rng = self.random
        shape = [rng.choice([1, 2, 3, 4, 5]) for _ in range(rng.randrange(4))]
        if self.one_in(12):
            shape.append(0)
        if self.one_in(20):
            shape.append(rng.choice([-1, 2**62, 2**32, 2**40, 30, 100, -(2**63)]))
        return shape + [1] * rng.choice([60, 64, 254, 255]) if self.one_in(100) else shape

    def tensor(self) -> bytes:
        rng = self.random
        dtype = rng.choice(list(DATA_TYPES) * 4 + [0, 20, 21, 24, 29, 101, 999])
        shape = self.shape()
        count = min(max(int(np.prod(shape, dtype=object)), 0), 300)
        dims = [
            self.field(2, b"\x08" + self.varint(size) + (self.field(2, self.text()) if self.one_in(20) else b""))
            for size in shape
        ]
        pieces = [b"\x08" + self.varint(dtype), self.field(2, b"".join(dims) + b"\x18\x01" * self.one_in(20))]
        data_type = DATA_TYPES.get(dtype)
        if data_type is not None:
            if self.one_in(2):
                pieces.append(self.field(4, self.content(data_type, count)))
            else:
                numbers = count * (2 if "COMPLEX" in data_type.name else 1)
                numbers = rng.choice([numbers] * 8 + [0, 1, 2, max(numbers - 1, 0), numbers + 1, numbers + 3])
                pieces += self.typed(data_type.field, dtype, numbers)
        if self.one_in(10):
            other = DATA_TYPES[rng.choice(list(DATA_TYPES))]
            pieces += self.typed(other.field, other.number, rng.randrange(3))
        if self.one_in(12):
            pieces.append(self.unknown())
        if self.one_in(30):
            pieces.append(self.field(14, self.field(rng.choice([1, 2, 3, 5]), self.text())))
        if self.one_in(30):
            pieces.append(self.field(15, self.field(1, self.text()) + (self.field(3, self.tensor()))))
        if self.one_in(30):
            pieces.append(b"\x08" + self.varint(rng.choice(list(DATA_TYPES))))
        return self.shuffled(pieces)

    def content(self, data_type: Any, count: int) -> bytes:
        rng = self.random
        if data_type.name == "DT_STRING":
            strings = [rng.randbytes(rng.randrange(3)) for _ in range(count)]
            return b"".join(self.varint(len(value)) for value in strings) + b"".join(strings)
        if data_type.name == "DT_BOOL":
            return bytes(rng.choice([0, 1]) for _ in range(count)) + b"\x02" * self.one_in(20)
        return rng.randbytes(count * data_type.storage.itemsize - self.one_in(20) * bool(count))

    def entry(self) -> bytes:
        pieces = [self.field(1, self.text()), self.field(2, self.tensor())]
        if self.one_in(30):
            pieces.append(self.field(2, self.tensor()))
        if self.one_in(20):
            pieces.append(self.unknown())
        return self.shuffled(pieces)

    def spec(self) -> bytes:
        rng = self.random
        choices = [
            self.field(2, b"\x08" + self.varint(rng.getrandbits(63))),
            self.field(2, b""),
            self.field(4, self.text()),
        ]
        return self.shuffled([self.field(1, b"m"), self.field(3, self.text()), *rng.sample(choices, rng.randrange(3))])

    def message(self, request: bool) -> bytes:
        rng = self.random
        tensors, model = (2, 1) if request else (1, 2)
        pieces = [self.field(tensors, self.entry()) for _ in range(rng.choice([1, 1, 1, 2, 3, 0]))]
        pieces += [self.field(model, self.spec()) for _ in range(rng.choice([1, 1, 1, 0, 2]))]
        if self.one_in(10):
            pieces.append(self.unknown())
        if request and self.one_in(3):
            pieces.append(self.field(3, self.text()))
        if request and self.one_in(20):
            pieces.append(rng.choice([self.field(5, self.field(2, self.field(1, self.text()))), self.field(6, b"\xff"),
                                      self.field(7, self.field(4, b"\x01\x82"[: rng.randrange(3)]))]))  # fmt: skip
        return self.shuffled(pieces)

    def mutated(self, body: bytes, other: bytes) -> bytes:
        rng, out = self.random, bytearray(body)
        for _ in range(rng.choice([0, 0, 0, 1, 1, 1, 1, 2])):
            at = rng.randrange(len(out) + 1)
            what = rng.randrange(8)
            if what == 0 and at < len(out):
                out[at] ^= 1 << rng.randrange(8)
            elif what == 1 and at < len(out):
                out[at] = rng.choice([0, 127, 128, 255, 0x1B, 0x0B])
            elif what == 2:
                del out[at : at + rng.randrange(1, 4)]
            elif what == 3:
                out[at:at] = rng.randbytes(rng.randrange(1, 4))
            elif what == 4:
                out = out[:at]
            elif what == 5:
                to = rng.randrange(len(out) + 1)
                out[at:at] = out[min(at, to) : max(at, to)]
            elif what == 6:
                out[at:] = other[rng.randrange(len(other) + 1) :]
            else:
                out[at : at + 1] = rng.choice([b"\xff" * 9 + b"\x01", b"\xff\xff\xff\xff\x0f", b"\x80" * 9 + b"\x01"])
        return bytes(out)


@pytest.fixture(scope="session")
def message_maker() -> type[MessageMaker]:
    """``message_maker(seed)`` draws messages, the same ones for the same seed."""
    return MessageMaker
