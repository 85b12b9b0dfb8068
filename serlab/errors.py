"""The error tree. Every message says what happened, to what, and what to do about it.

A user's mistake ends in one of these, never in a traceback: the command line prints the message and exits with 2.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

#: The exit code of a program that a signal ended, less the signal's number: as shells count.
EXIT_SIGNALLED = 128


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


class RepresentationError(SerlabError):
    """A tensor that a representation cannot stand for, or a representation that cannot be used here."""


class MissingSignatureError(RepresentationError):
    """A model has nothing that undoes a representation. ``graph`` is the code that its graph lacks."""

    def __init__(self, told: str, graph: str) -> None:
        super().__init__(f"{told}:\n{graph}")
        self.graph = graph


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


class MissingExtraError(SerlabError):
    """A library that a command needs and that an extra of serlab brings.

    ``module`` is the import that failed.
    """

    def __init__(self, module: str) -> None:
        self.module = module
        root = module.partition(".")[0]
        library = _DISTRIBUTIONS.get(root, root.replace("_", "-"))
        extra = _extra_of(library)
        wanted = f"serlab[{extra}]" if extra else library
        super().__init__(f"this needs {library}, which is not installed: pip install '{wanted}'")


#: Where an import and the distribution that brings it are called differently.
_DISTRIBUTIONS = {"hdrh": "hdrhistogram", "simdjson": "pysimdjson", "vl_convert": "vl-convert-python", "grpc": "grpcio",
                  "tensorflow_serving": "tensorflow-serving-api", "rapidjson": "python-rapidjson", "google": "protobuf",
                  "markupsafe": "jinja2"}  # fmt: skip


def _extra_of(library: str) -> str:
    """Return the first extra of serlab's own metadata that brings a library, "" where none does."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        wanted = requires("serlab") or []
    except PackageNotFoundError:
        return ""
    for requirement in wanted:
        found = re.match(r"([\w.-]+).*\bextra == ['\"]([\w-]+)['\"]", requirement)
        if found and found[1].replace("_", "-").lower() == library:
            return found[2]
    return ""


def needs(module: str) -> None:
    """Check for a library that another process will import, before anything is measured for it.

    Raises:
        MissingExtraError: it is not installed.
    """
    from importlib.util import find_spec

    if sys.modules.get(module) is not None:
        return
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # the package that a module should be in
        found = None
    if found is None:
        raise MissingExtraError(module)


def as_missing_extra(error: ImportError) -> MissingExtraError:
    """Return what to tell a user whose command ended at an import.

    Raises:
        ImportError: the error itself, where serlab's own module, or a name in one, is missing: that is a fault here.
    """
    if not isinstance(error, ModuleNotFoundError) or not error.name or error.name.partition(".")[0] == "serlab":
        raise error
    return MissingExtraError(error.name)


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
    """A measurement that could not be taken: a worker died, a case failed its correctness gate.

    ``code`` is a ``TransportError``'s, "CODEC" or "CLIENT" for what a worker's function refused itself; "" where no
    answer came at all.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        self.code = code
        super().__init__(message)


class OutputError(SerlabError):
    """Standard output that takes no more: a full disk, or a pipe whose reader is gone (``unread``)."""

    def __init__(self, message: str, *, unread: bool) -> None:
        self.unread = unread
        super().__init__(message)


class StoreError(SerlabError):
    """A results folder that cannot be read or written."""


class SchemaVersionError(StoreError):
    """A run written by another version of the schema."""
