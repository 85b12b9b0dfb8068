"""``.tolist()`` and msgspec's JSON: a contender of orjson's speed that also validates."""

from __future__ import annotations

from typing import Any, ClassVar

from serlab.codecs.json_stdlib import JsonCodec


class JsonMsgspecCodec(JsonCodec):
    """msgspec on Python lists; it writes NaN and infinities as ``null`` and refuses to read them bare."""

    name = "json-msgspec"
    requires: ClassVar[tuple[str, ...]] = ("msgspec",)
    variant_of = "json-orjson-list"
    summary = ".tolist() + msgspec.json.encode / msgspec.json.decode + np.array"

    def __init__(self, format: str = "row") -> None:
        super().__init__(format)
        import msgspec

        self._encode, self._decode, self._error = msgspec.json.encode, msgspec.json.decode, msgspec.DecodeError

    def _dumps(self, document: Any) -> bytes:
        return self._encode(document)

    def _loads(self, body: bytes) -> Any:
        try:
            return self._decode(body)
        except self._error as error:  # a ValueError in newer versions only
            raise ValueError(str(error)) from error
