"""``.tolist()`` and orjson: a faster parser behind the same Python lists."""

from __future__ import annotations

from typing import Any, ClassVar

from serlab.codecs.json_stdlib import JsonCodec


class JsonOrjsonListCodec(JsonCodec):
    """orjson on Python lists; it writes NaN and infinities as ``null`` and refuses to read them bare."""

    name = "json-orjson-list"
    requires: ClassVar[tuple[str, ...]] = ("orjson",)
    summary = ".tolist() + orjson.dumps / orjson.loads + np.array"

    def __init__(self, format: str = "row") -> None:
        super().__init__(format)
        import orjson

        self._orjson_dumps, self._orjson_loads = orjson.dumps, orjson.loads

    def _dumps(self, document: Any) -> bytes:
        return self._orjson_dumps(document)

    def _loads(self, body: bytes) -> Any:
        return self._orjson_loads(body)
