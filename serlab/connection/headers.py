"""The rule for what goes with every call: HTTP headers over REST, metadata over gRPC."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping

from serlab.errors import UsageError
from serlab.records.secret import Secret

#: RFC 9110, section 5.6.2: the characters of a field name.
_HTTP_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: gRPC over HTTP/2, "Custom-Metadata": fewer characters; a name that ends with -bin has bytes for a value.
_GRPC_NAME = re.compile(r"[0-9a-z_.-]+")
_BINARY = "-bin"
#: Names that frame the message: a second value would contradict the client's own.
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "te", "host"})
#: Names that say what an HTTP body is; gRPC has its own, and its body is another.
_OF_HTTP_BODIES = frozenset({"content-type", "content-encoding", "accept-encoding", "accept"})
#: gRPC writes this one itself, from a channel argument.
USER_AGENT = "user-agent"

Metadata = Mapping[str, str | bytes] | Iterable[tuple[str, str | bytes]]


def checked_headers(headers: Mapping[str, str | Secret]) -> dict[str, Secret]:
    """Return headers as secrets.

    Raises:
        UsageError: one that HTTP cannot carry, that the protocols set themselves, or that is given twice.
    """
    checked: dict[str, Secret] = {}
    for name, given in headers.items():
        value = Secret(given)
        if not _HTTP_NAME.fullmatch(name) or not _printable(value.reveal()):
            raise UsageError(f"--header {name!r} cannot be sent: a name is one word, a value printable ASCII")
        if name.lower() == "host":
            raise UsageError("--header Host names the server that is meant: give it with --authority")
        if name.lower() in _FRAMING or name.lower().startswith("grpc-"):
            raise UsageError(f"--header {name!r} belongs to the protocol itself and cannot be set")
        if name.lower() in {known.lower() for known in checked}:
            raise UsageError(f"--header {name!r} is given twice: give one value")
        checked[name] = value
    return checked


def http_headers(headers: Mapping[str, Secret], own: Mapping[str, str]) -> dict[str, str]:
    """Return what an HTTP request sends: ``own``, where the user has not given a header of that name in any case."""
    given = {name.lower() for name in headers}
    kept = {name: value for name, value in own.items() if name.lower() not in given}
    return kept | {name: value.reveal() for name, value in headers.items()}


def grpc_metadata(headers: Mapping[str, Secret]) -> tuple[tuple[str, str | bytes], ...]:
    """Return headers as the metadata of a gRPC call: lower-case names, bytes for ``-bin`` (given in Base64).

    What says how an HTTP body is to be read is left out: a gRPC message is another body.

    Raises:
        UsageError: a name that HTTP allows and gRPC does not, or a ``-bin`` value that is not Base64.
    """
    pairs: list[tuple[str, str | bytes]] = []
    for name, value in headers.items():
        if name.lower() not in _OF_HTTP_BODIES | {USER_AGENT}:
            plain = value.reveal()
            pairs.append((name, _bytes(name, plain) if name.lower().endswith(_BINARY) else plain))
    return checked_metadata(pairs)


def checked_metadata(*several: Metadata) -> tuple[tuple[str, str | bytes], ...]:
    """Return the metadata of a call as gRPC takes it: lower-case names.

    Raises:
        UsageError: what gRPC cannot carry.
    """
    pairs: list[tuple[str, str | bytes]] = []
    for metadata in several:
        pairs += metadata.items() if isinstance(metadata, Mapping) else metadata
    return tuple(_checked_pair(name, value) for name, value in pairs)


def _checked_pair(name: str, value: str | bytes) -> tuple[str, str | bytes]:
    lower = name.lower()
    if not _GRPC_NAME.fullmatch(lower):
        raise UsageError(
            f"gRPC cannot carry a header of the name {name!r}: it takes letters, digits, '_', '-' and '.'; leave it "
            "out, or call over REST alone"
        )
    if lower.endswith(_BINARY):
        if not isinstance(value, bytes):
            raise UsageError(f"the value of {name!r} is bytes: gRPC says so of names that end with {_BINARY}")
    elif not _printable(value.decode("latin-1") if isinstance(value, bytes) else value):
        raise UsageError(f"the value of {name!r} cannot be sent: gRPC takes printable ASCII")
    return lower, value


def _bytes(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise UsageError(
            f"the value of --header {name!r} is not Base64: a name that ends with {_BINARY} has bytes for a value"
        ) from None


def _printable(value: str) -> bool:
    return value.isprintable() and value.isascii()
