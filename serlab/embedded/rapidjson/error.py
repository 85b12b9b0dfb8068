"""A syntax error of JSON, as RapidJSON reports it."""

from __future__ import annotations

from serlab.embedded.status import Code, StatusError


class ParseError(StatusError):
    """RapidJSON's wording (``error/en.h``) and the offset in bytes it gives, as TensorFlow Serving answers them."""

    def __init__(self, reason: str, offset: int) -> None:
        self.reason, self.offset = reason, offset
        super().__init__(Code.INVALID_ARGUMENT, f"JSON Parse error: {reason} at offset: {offset}")
