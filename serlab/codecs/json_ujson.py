"""``.tolist()`` and ujson: the fast JSON library of a decade ago, still in many requirement files."""

from __future__ import annotations

from typing import Any, ClassVar

from serlab.codecs.json_stdlib import JsonCodec


class JsonUjsonCodec(JsonCodec):
    """ujson on Python lists; it writes and reads NaN and infinities bare, as TensorFlow Serving does."""

    name = "json-ujson"
    requires: ClassVar[tuple[str, ...]] = ("ujson",)
    variant_of = "json"
    summary = ".tolist() + ujson.dumps / ujson.loads + np.array"

    def __init__(self, format: str = "row") -> None:
        super().__init__(format)
        import ujson

        self._encode, self._decode = ujson.dumps, ujson.loads

    def _dumps(self, document: Any) -> bytes:
        return self._encode(document).encode()

    def _loads(self, body: bytes) -> Any:
        return self._decode(body)
