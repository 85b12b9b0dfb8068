"""Records that a run gathers one by one, as JSON lines: what has been measured is on disk at once and never rewritten.

The first line names the schema's version, every further one is a record. A write that was interrupted leaves a last
line without its end; it loses nothing but itself. A run of version 1 has one JSON list instead; it is read as it is,
and becomes lines when something is added.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from serlab.errors import StoreError
from serlab.records import schema
from serlab.records.files import make_folder, read_file, replace_file

T = TypeVar("T")

SUFFIX = ".jsonl"
_HEADER = msgspec.json.encode({"schema_version": schema.SCHEMA_VERSION}) + b"\n"


def append(path: Path, records: Iterable[object], earlier: Callable[[], Iterable[object]] = tuple) -> None:
    """Add records to the series in ``path``. A new series begins with what ``earlier`` returns.

    Raises:
        StoreError: it cannot be written; then it is as it was.
    """
    if not path.exists():
        replace_file(path, _HEADER + _lines(earlier()))
    make_folder(path.parent)
    flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
        try:
            _append(handle, _lines(records))
        finally:
            os.close(handle)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}") from error


def read(path: Path, kind: type[T]) -> tuple[T, ...]:
    """Return every whole record of the series in ``path``.

    Raises:
        FileNotFoundError: there is none.
        StoreError: a line does not hold ``kind``; it is named.
        SchemaVersionError: a newer serlab wrote it.
    """
    header, *lines = read_file(path).split(b"\n")[:-1] or [_HEADER]
    version = schema.read_envelope(header, path).schema_version
    decoder = msgspec.json.Decoder(kind)
    found = []
    for number, line in enumerate(lines, start=2):
        place = f"{path}, line {number},"
        found.append(schema.decode_record(schema.upgraded(line, version, path.stem, place), decoder, place))
    return tuple(found)


def joined(pieces: Sequence[T]) -> T:
    """Return one record of those that were gathered: its tuples one after the other, mappings united, else the last."""
    first: Any = pieces[0]
    if isinstance(first, tuple):
        return _together(pieces)  # type: ignore[no-any-return]
    found = {each.name: _together([getattr(piece, each.name) for piece in pieces]) for each in fields(first)}
    return replace(first, **found)  # type: ignore[no-any-return]


def _together(values: Sequence[Any]) -> Any:
    if isinstance(values[0], tuple):
        return tuple(item for value in values for item in value)
    if isinstance(values[0], Mapping):
        return {name: item for value in values for name, item in value.items()}
    return values[-1]


def _lines(records: Iterable[object]) -> bytes:
    return b"".join(msgspec.json.encode(record) + b"\n" for record in records)


def _append(handle: int, lines: bytes) -> None:
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "it is no regular file")
    end = _whole(handle, status.st_size)
    if end < status.st_size:
        os.ftruncate(handle, end)
    try:
        written = os.write(handle, lines)
        while written < len(lines):
            written += os.write(handle, lines[written:])
    except BaseException:
        os.ftruncate(handle, end)
        raise


def _whole(handle: int, size: int) -> int:
    """Return where the last whole line of a file ends."""
    block = 2**16
    end = size
    while end > 0:
        start = max(0, end - block)
        found = os.pread(handle, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
