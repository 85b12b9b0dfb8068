"""Status codes as TensorFlow Serving uses them: one error type for both protocols."""

from __future__ import annotations

import enum

from serlab.errors import ServingError


class Code(enum.IntEnum):
    """The canonical codes of gRPC and absl::Status, by the numbers both share."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


#: HTTP status per code (ToHTTPStatusCode in tensorflow_serving/model_servers/http_server.cc).
HTTP_STATUS: dict[Code, int] = {
    Code.OK: 200,
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}


class StatusError(ServingError):
    """A request that ends in a status other than OK. The message is the one TensorFlow Serving gives."""

    def __init__(self, code: Code, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)

    def __str__(self) -> str:
        """The status as absl::Status prints it inside another message: ``INVALID_ARGUMENT: …``."""
        return f"{self.code.name}: {self.message}"


def invalid_argument(message: str) -> StatusError:
    """Return the error of nearly every bad request."""
    return StatusError(Code.INVALID_ARGUMENT, message)


class ParseError(StatusError):
    """RapidJSON's wording (``error/en.h``) and the offset in bytes it gives, as TensorFlow Serving answers them."""

    def __init__(self, reason: str, offset: int) -> None:
        self.reason, self.offset = reason, offset
        super().__init__(Code.INVALID_ARGUMENT, f"JSON Parse error: {reason} at offset: {offset}")
