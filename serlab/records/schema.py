"""The JSON of records: the version that every file names, how older ones become the current, and what is refused.

Version 1 kept memory profiles and end-to-end runs in one JSON list each and timed runs in pyperf suites alone. Version
2 keeps them as JSON lines, which grow by appending (see ``series``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from serlab.errors import SchemaVersionError, StoreError
from serlab.records.secret import masked

SCHEMA_VERSION = 2
#: Records are nested some eight levels deep; what is deeper than this is none.
MAX_DEPTH = 64

#: What decoding raises for a text of somebody's: msgspec's errors are no ValueErrors in its lowest version, what is no
#: UTF-8 is one.
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)

T = TypeVar("T")

_ANY: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


class Envelope(msgspec.Struct):
    """What every file of records begins with; ``data`` is None where the records follow line by line."""

    schema_version: int
    data: msgspec.Raw = msgspec.Raw(b"null")


def encode(records: Any) -> bytes:
    """Return the text of a whole file."""
    document = {"schema_version": SCHEMA_VERSION, "data": records}
    return msgspec.json.format(msgspec.json.encode(document, enc_hook=masked), indent=1)


def decode(text: bytes, kind: type[T], path: Path) -> T:
    """Return what a whole file holds, brought up to the current version. ``path`` is named where something is wrong.

    Raises:
        StoreError: it is no JSON, nested too deeply, or does not hold ``kind``.
        SchemaVersionError: a newer serlab wrote it.
    """
    envelope = read_envelope(text, path)
    data = upgraded(bytes(envelope.data), envelope.schema_version, path.stem, str(path))
    return decode_record(data, msgspec.json.Decoder(kind), str(path))


def read_envelope(text: bytes, path: Path) -> Envelope:
    """Return the version and the data of a file; raises as ``decode`` does."""
    if _depth(text) > MAX_DEPTH:
        raise StoreError(f"cannot read {path}: it is nested more than {MAX_DEPTH} levels deep")
    envelope = decode_record(text, msgspec.json.Decoder(Envelope), str(path))
    if envelope.schema_version not in (*UPGRADES, SCHEMA_VERSION):
        raise SchemaVersionError(
            f"{path} has schema version {envelope.schema_version}, this serlab reads "
            f"{', '.join(map(str, UPGRADES))} and {SCHEMA_VERSION}: use the serlab that wrote it, or measure again"
        )
    return envelope


def decode_record(text: bytes, decoder: msgspec.json.Decoder[T], place: str) -> T:
    """Return one record; ``place`` names file and line, the error its field.

    Raises:
        StoreError: the text does not hold it.
    """
    field = _impossible_number(text)
    if field:
        raise StoreError(f"{place} does not hold what it should: {field} has a number that no measurement gives")
    try:
        return decoder.decode(text)
    except UNREADABLE as error:
        raise StoreError(f"{place} does not hold what it should: {_in_one_line(str(error))}") from error


def _in_one_line(words: str) -> str:
    """Return an error's words, in which somebody else's may be quoted: without control characters, and not for ever."""
    shown = "".join(character if character.isprintable() else "?" for character in words[:200] + words[200:][-100:])
    return shown if len(words) <= 300 else f"{shown[:200]}…{shown[-100:]}"


def upgraded(text: bytes, version: int, part: str, place: str) -> bytes:
    """Return the data of a file called ``part``, or a line of it, as the current version has it.

    Raises:
        StoreError: it is not what that version wrote.
    """
    if version == SCHEMA_VERSION:
        return text
    data = decode_record(text, _ANY, place)
    try:
        for step in range(version, SCHEMA_VERSION):
            data = UPGRADES[step](data, part)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"{place} is not what version {version} wrote: {_in_one_line(str(error))}") from error
    return msgspec.json.encode(data)


def _from_1(data: Any, _part: str) -> Any:
    """Return version 2's data: the same records, wherever they lie."""
    return data


#: One step each: what turns the data (JSON types) of a part from this version into the next.
UPGRADES: Mapping[int, Callable[[Any, str], Any]] = {1: _from_1}

#: What no measurement gives, and what sums, squares and ratios turn into infinities.
_IMPOSSIBLE = re.compile(rb"(?<![.\d])\d{21,}|\de(?:\+?(?:[2-9]\d|\d{3,})|-\d{3,})", re.IGNORECASE)
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def _impossible_number(text: bytes) -> str:
    """Return the name in front of such a number, "" where there is none; what stands in strings is no number."""
    if not _IMPOSSIBLE.search(text):
        return ""
    found = _IMPOSSIBLE.search(_STRING.sub(lambda string: b'"' + b"_" * (len(string[0]) - 2) + b'"', text))
    names = re.findall(rb'"([^"]*)"\s*:', text[: found.start()]) if found else []
    return (names[-1].decode(errors="replace") if names else "it") if found else ""


_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def _depth(text: bytes) -> int:
    """Return how deeply a JSON text is nested, by its brackets outside of strings."""
    marks = _ESCAPED.sub(b"", text).translate(None, _NOT_BRACKETS).split(b'"')
    return max(accumulate(_STEPS[mark] for mark in b"".join(marks[::2])), default=0)
