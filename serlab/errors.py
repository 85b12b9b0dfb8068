"""The error tree. Every message says what happened, to what, and what to do about it.

A user's mistake ends in one of these, never in a traceback: the command line prints the message and exits with 2.
"""

from __future__ import annotations

from collections.abc import Iterable


class SerlabError(Exception):
    """Root of everything serlab raises on purpose."""


class UnknownNameError(SerlabError):
    """A codec, payload, profile, ... that does not exist. The message lists what does."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        super().__init__(f"unknown {kind} {name!r}: choose from {', '.join(self.known)}")


class UsageError(SerlabError):
    """Options that do not go together, or a value that cannot be meant."""


class PayloadError(SerlabError):
    """A payload spec that does not parse, or an array file that cannot be a tensor."""


class CodecError(SerlabError):
    """A tensor that a codec cannot carry, or a body that it cannot read."""


class CodecUnavailableError(CodecError):
    """A codec whose library is not installed."""


class WireError(SerlabError):
    """Bytes that are not the protobuf message they should be.

    ``offset`` is the position in the body in bytes, ``expected`` what should have stood there.
    """

    def __init__(self, message: str, *, offset: int | None = None, expected: str | None = None) -> None:
        self.offset, self.expected = offset, expected
        where = f" at byte {offset}" if offset is not None else ""
        wanted = f": expected {expected}" if expected else ""
        super().__init__(f"{message}{where}{wanted}")


class TransportError(SerlabError):
    """A call that brought no usable answer.

    ``code`` is the gRPC code's name ("RESOURCE_EXHAUSTED") or the HTTP status as text ("400"); "" when the server
    could not be reached at all.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        self.code = code
        super().__init__(message)


class ServableError(SerlabError):
    """A SavedModel that cannot be exported or read."""


class ServingError(SerlabError):
    """A Serving instance that cannot be started, reached, or understood."""


class MeasureError(SerlabError):
    """A measurement that could not be taken: a worker died, a case failed its correctness gate."""


class StoreError(SerlabError):
    """A results folder that cannot be read or written."""


class SchemaVersionError(StoreError):
    """A run written by another version of the schema."""
