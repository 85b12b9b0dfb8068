"""Records of any type, made at random: what a file may hold as far as its types say."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest

#: Strings that mean something somewhere: payloads, codecs, paths, markup, digits, nothing.
WORDS = ("image", "orjson", "json", "raw", "wire", "tensor-proto", "grpc", "rest", "body", "values", "exact", "float32",
         "2026-01-02T03:04:05+00:00", "", "x", "../../etc/passwd", "<script>", "memory/a.bin", "nan",
         "ü × \u2028 %s {0}", "[/bold", "0")  # fmt: skip


class Maker:
    """Makes values of a type, JSON types only, from one stream of random numbers."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def record(self, kind: Any) -> Any:
        """Return a record of ``kind``, every field filled."""
        return msgspec.convert(self._value(msgspec.inspect.type_info(kind)), kind, str_keys=True)

    def _value(self, info: Any) -> Any:
        random, name = self._random, type(info).__name__
        match name:
            case "DataclassType" | "StructType":
                return {field.encode_name: self._value(field.type) for field in info.fields}
            case "VarTupleType" | "ListType":
                return [self._value(info.item_type) for _ in range(random.choice((0, 1, 2, 3)))]
            case "TupleType":
                return [self._value(item) for item in info.item_types]
            case "DictType":
                return {
                    str(self._value(info.key_type)): self._value(info.value_type)
                    for _ in range(random.choice((0, 1, 2)))
                }
            case "UnionType":
                return self._value(random.choice(info.types))
            case "LiteralType":
                return random.choice(info.values)
            case "IntType":
                return max(info.ge or 0, random.choice((0, 1, 2, 7, 1000, 2**31, random.randrange(100))))
            case "FloatType":
                least = 0.0 if info.gt is None else info.gt + 1e-9
                return max(least, random.choice((0.0, 0.5, 1.0, 1e-9, 3.25, 1e6, random.random())))
            case "StrType":
                return random.choice(WORDS)
            case "BoolType":
                return random.random() < 0.5
            case "NoneType":
                return None
            case "AnyType" | "CustomType":
                return random.choice((None, 1, "text", ["a", 1.5], {"key": "value"}))
        raise AssertionError(f"a type of records that this maker does not know: {name}")


@pytest.fixture
def maker() -> Callable[[int], Maker]:
    return Maker
