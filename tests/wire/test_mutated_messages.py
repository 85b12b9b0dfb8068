"""Messages bent, broken and spliced: whatever protobuf or TensorFlow refuses is refused, in bounded memory.

The verdicts are taken here, with TensorFlow; the messages are then read in a process of its own that has no TensorFlow
and may take up no more than MEMORY_ALLOWANCE beyond what numpy needs.
"""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys

import numpy as np
import pytest

from serlab.wire.dtypes import DATA_TYPES
from serlab.wire.tensor_arrays import MAX_RANK

MESSAGES = 36_000
LEAST_MUTATED = 20_000
SEED = 20_261_122
MEMORY_ALLOWANCE = 256 * 2**20
# Dimensions above these would have TensorFlow itself allocate gigabytes to find its verdict.
LARGEST_DIM, MOST_ELEMENTS = 2**24, 2**22
DT_STRING = 7

READER = f"""
import hashlib, json, re, resource, sys
from pathlib import Path
from serlab.errors import WireError
from serlab.wire import Rules, decode_predict, decode_request
import numpy as np, ml_dtypes

in_use = int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (in_use + {MEMORY_ALLOWANCE},) * 2)

def digest(array):
    data = repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
    return hashlib.sha1(repr(array.shape).encode() + data).hexdigest()

for line in sys.stdin:
    kind, body = line.split()
    body = bytes.fromhex(body[1:])
    verdicts = []
    for rules in Rules:
        try:
            if kind == "request":
                arrays = decode_request(body, rules=rules).inputs
            else:
                arrays = decode_predict(body, rules=rules).outputs
            verdicts.append({{name: digest(array) for name, array in arrays.items()}})
        except WireError as error:
            verdicts.append(None)
            assert error.offset is None or 0 <= error.offset <= len(body), error
    print(json.dumps(verdicts))
assert "tensorflow" not in sys.modules
"""


class Maker:
    """Draws messages: mostly sound ones, each with a share of everything that can be odd or wrong in one."""

    def __init__(self, raw, seed: int) -> None:
        self.raw, self.random = raw, random.Random(seed)

    def one_in(self, n: int) -> bool:
        return self.random.randrange(n) == 0

    def varint(self, number: int) -> bytes:
        return self.raw.varint(number, padding=self.random.choice([0] * 20 + [1, 2]))

    def field(self, number: int, content: bytes) -> bytes:
        return self.varint(number << 3 | 2) + self.varint(len(content)) + content

    def shuffled(self, pieces: list[bytes]) -> bytes:
        if self.one_in(2):
            self.random.shuffle(pieces)
        return b"".join(pieces)

    def unknown(self) -> bytes:
        rng, number = self.random, self.random.choice([9, 20, 1000, 2**28])
        tag = lambda wire_type: self.varint(number << 3 | wire_type)  # noqa: E731
        return rng.choice([
            lambda: tag(0) + self.varint(rng.getrandbits(64)),
            lambda: tag(1) + rng.randbytes(8),
            lambda: self.field(number, rng.randbytes(3)),
            lambda: tag(5) + rng.randbytes(4),
            lambda: tag(3) + (self.unknown() if self.one_in(2) else b"") + tag(4),
        ])()  # fmt: skip

    def text(self) -> bytes:
        return self.random.choice(
            [b"x", b"y", b"", b"\xc3\xa9"] + ([b"\xff", b"\xed\xa0\x80"] if self.one_in(20) else [])
        )

    def scalar(self, field, dtype: int) -> bytes:
        rng = self.random
        if field.kind == "fixed":
            return rng.randbytes(field.item.itemsize)
        if field.name == "bool_val":
            return self.varint(rng.choice([0, 1, 1, 2**40]))
        if field.name == "half_val" or (field.name == "int_val" and dtype != 3):
            return self.varint(rng.choice([0, 1, 100, 127] * 4 + [128, 255, 40_000, 65_535, 65_536, -1, -128]))
        return self.varint(rng.getrandbits(rng.choice([3, 7, 14, 21, 35, 56, 63, 64])))

    def typed(self, field, dtype: int, count: int) -> list[bytes]:
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

    def content(self, data_type, count: int) -> bytes:
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


def digest(array) -> str:
    data = repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
    return hashlib.sha1(repr(array.shape).encode() + data).hexdigest()


class Oracle:
    """What protobuf and both of TensorFlow's readers say of a message."""

    def __init__(self, stock) -> None:
        self.stock = stock

    def tensors(self, request: bool, body: bytes) -> dict | None:
        """The tensors by name, None where protobuf refuses the message."""
        from google.protobuf.message import DecodeError

        try:
            (self.stock.request if request else self.stock.response).FromString(body)
            plain = (self.stock.plain_request if request else self.stock.plain_response).FromString(body)
        except DecodeError:
            return None
        return {entry.key: entry.value for entry in plain.tensors}

    def server(self, tensor) -> str | None:
        """Digest of the tensor as ``Tensor::FromProto`` reads it, None where it or numpy refuses."""
        if tensor.dtype not in DATA_TYPES or len(tensor.tensor_shape.dim) > MAX_RANK:
            return None
        try:
            dtype = self.stock.tf.dtypes.as_dtype(tensor.dtype)
            array = self.stock.tf.io.parse_tensor(tensor.SerializeToString(), dtype).numpy()
        except (TypeError, ValueError, self.stock.tf.errors.InvalidArgumentError):
            return None
        return digest(np.array(array, object) if isinstance(array, bytes) else np.asarray(array))

    def client_takes(self, tensor) -> bool:
        try:
            self.stock.tf.make_ndarray(tensor)
        except (TypeError, ValueError, KeyError, OverflowError):
            return False
        return True


def too_large_to_ask(tensor) -> bool:
    sizes = [dim.size for dim in tensor.tensor_shape.dim]
    if tensor.dtype == DT_STRING and len(sizes) == MAX_RANK:
        return True  # TensorFlow 2.21 crashes on turning it into an array
    return any(size > LARGEST_DIM for size in sizes) or np.prod(sizes, dtype=object) > MOST_ELEMENTS


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc and RLIMIT_AS")
def test_mutated_messages_are_refused_by_us_where_protobuf_or_tensorflow_refuse_them(stock, raw):
    maker, oracle = Maker(raw, SEED), Oracle(stock)
    messages, previous = [], b""
    mutated = 0
    for _ in range(MESSAGES):
        request = maker.one_in(2)
        body = maker.message(request)
        messages.append((request, maker.mutated(body, previous)))
        mutated += messages[-1][1] != body
        previous = body
    assert mutated >= LEAST_MUTATED
    lines = "".join(f"{'request' if request else 'response'} x{body.hex()}\n" for request, body in messages)
    reader = subprocess.run([sys.executable, "-c", READER], input=lines, capture_output=True, text=True, timeout=240)
    assert reader.returncode == 0, reader.stderr[-2000:]
    verdicts = [json.loads(line) for line in reader.stdout.splitlines()]
    assert len(verdicts) == MESSAGES

    counts = {"refused by protobuf": 0, "taken by both rules": 0, "refused by both rules": 0, "rules differ": 0}
    for (request, body), (client, server) in zip(messages, verdicts, strict=True):
        tensors = oracle.tensors(request, body)
        if tensors is None:
            assert client is None, body.hex()
            assert server is None, body.hex()
            counts["refused by protobuf"] += 1
            continue
        if any(too_large_to_ask(tensor) for tensor in tensors.values()):
            continue
        digests = {name: oracle.server(tensor) for name, tensor in tensors.items()}
        server_takes = None not in digests.values()
        client_takes = server_takes and all(map(oracle.client_takes, tensors.values()))
        assert server == (digests if server_takes else None), body.hex()
        assert client == (digests if client_takes else None), body.hex()
        key = {(True, True): "taken by both rules", (False, False): "refused by both rules"}
        counts[key.get((client is not None, server is not None), "rules differ")] += 1
    assert min(counts.values()) > MESSAGES / 100, counts


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc and RLIMIT_AS")
def test_small_messages_that_ask_for_much_get_nothing(raw):
    def message(dims, *fields):
        shape = raw.field(2, b"".join(raw.field(2, b"\x08" + raw.varint(size)) for size in dims))
        return raw.field(1, raw.field(1, b"x") + raw.field(2, b"".join([*fields, shape])))

    def one_value(dtype, number, value):
        return b"\x08" + raw.varint(dtype) + raw.field(number, value)

    greedy = [
        message([size], one_value(*tensor))
        for size in (2**28, 2**40, 2**62, 2**63 - 1)
        for tensor in ((1, 5, bytes(4)), (9, 10, b"\x01"), (8, 9, bytes(8)), (7, 8, b"a"), (10, 11, b"\x01"))
    ]
    greedy += [message([2**31, 2**31, 4], one_value(1, 5, bytes(4))), message([2**40], b"\x08\x01")]
    modest = b"\x08\x01" + raw.field(5, bytes(4)) + raw.field(2, raw.field(2, b"\x08" + raw.varint(2**22)))
    # 16 MiB each, which is allowed; not so many of them.
    greedy.append(b"".join(raw.field(1, raw.field(1, b"n%d" % i) + raw.field(2, modest)) for i in range(40)))
    lines = "".join(f"response x{body.hex()}\n" for body in greedy)
    reader = subprocess.run([sys.executable, "-c", READER], input=lines, capture_output=True, text=True, timeout=60)
    assert reader.returncode == 0, reader.stderr[-2000:]
    assert [json.loads(line) for line in reader.stdout.splitlines()] == [[None, None]] * len(greedy)
