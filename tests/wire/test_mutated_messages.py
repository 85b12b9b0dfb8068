"""Messages bent, broken and spliced: whatever protobuf or TensorFlow refuses is refused, in bounded memory.

The verdicts are taken here, with TensorFlow; the messages are then read in a process of its own that has no TensorFlow
and may take up no more than MEMORY_ALLOWANCE beyond what numpy needs.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from serlab.wire.dtypes import DATA_TYPES
from serlab.wire.tensor_arrays import MAX_RANK

MESSAGES = 18_000
LEAST_MUTATED = 10_000
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


def digest(array: np.ndarray) -> str:
    data = repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
    return hashlib.sha1(repr(array.shape).encode() + data).hexdigest()


class Oracle:
    """What protobuf and both of TensorFlow's readers say of a message."""

    def __init__(self, stock: SimpleNamespace) -> None:
        self.stock = stock

    def tensors(self, request: bool, body: bytes) -> dict[str, Any] | None:
        """The tensors by name, None where protobuf refuses the message."""
        from google.protobuf.message import DecodeError

        try:
            (self.stock.request if request else self.stock.response).FromString(body)
            plain = (self.stock.plain_request if request else self.stock.plain_response).FromString(body)
        except DecodeError:
            return None
        return {entry.key: entry.value for entry in plain.tensors}

    def server(self, tensor: Any) -> str | None:
        """Digest of the tensor as ``Tensor::FromProto`` reads it, None where it or numpy refuses."""
        if tensor.dtype not in DATA_TYPES or len(tensor.tensor_shape.dim) > MAX_RANK:
            return None
        try:
            dtype = self.stock.tf.dtypes.as_dtype(tensor.dtype)
            array = self.stock.tf.io.parse_tensor(tensor.SerializeToString(), dtype).numpy()
        except (TypeError, ValueError, self.stock.tf.errors.InvalidArgumentError):
            return None
        return digest(np.array(array, object) if isinstance(array, bytes) else np.asarray(array))

    def client_takes(self, tensor: Any) -> bool:
        try:
            self.stock.tf.make_ndarray(tensor)
        except (TypeError, ValueError, KeyError, OverflowError):
            return False
        return True


def too_large_to_ask(tensor: Any) -> bool:
    sizes = [dim.size for dim in tensor.tensor_shape.dim]
    if tensor.dtype == DT_STRING and len(sizes) == MAX_RANK:
        return True  # TensorFlow 2.21 crashes on turning it into an array
    return any(size > LARGEST_DIM for size in sizes) or np.prod(sizes, dtype=object) > MOST_ELEMENTS


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc and RLIMIT_AS")
def test_mutated_messages_are_refused_by_us_where_protobuf_or_tensorflow_refuse_them(
    stock: SimpleNamespace, message_maker: Any
) -> None:
    maker, oracle = message_maker(SEED), Oracle(stock)
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
def test_small_messages_that_ask_for_much_get_nothing(raw: SimpleNamespace) -> None:
    def message(dims: Any, *fields: Any) -> Any:
        shape = raw.field(2, b"".join(raw.field(2, b"\x08" + raw.varint(size)) for size in dims))
        return raw.field(1, raw.field(1, b"x") + raw.field(2, b"".join([*fields, shape])))

    def one_value(dtype: Any, number: int, value: Any) -> Any:
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
