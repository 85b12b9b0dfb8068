"""Reading serialized messages field by field: enough for status and metadata, with neither TensorFlow nor its stubs."""

from __future__ import annotations

from collections.abc import Iterator

from serlab.wire.fields import read_field, read_signed, read_string

#: Where a value stands within a body: first byte, and the one after the last.
Span = tuple[int, int]


def fields(body: bytes, span: Span | None = None) -> Iterator[tuple[int, Span]]:
    """Yield number and span of each field of the message at ``span`` (None: the whole body).

    Raises ``WireError`` where the bytes are no message.
    """
    position, stop = span or (0, len(body))
    while position < stop:
        tag, start, position = read_field(body, position, stop, 0)
        yield tag >> 3, (start, position)


def map_entries(body: bytes, span: Span, number: int) -> Iterator[tuple[str, Span]]:
    """Yield key and the span of the value for each entry of the ``map<string, Message>`` in field ``number``."""
    for found, entry in fields(body, span):
        if found == number:
            key, value = "", (entry[1], entry[1])
            for part, part_span in fields(body, entry):
                if part == 1:
                    key = string(body, part_span)
                elif part == 2:
                    value = part_span
            yield key, value


def string(body: bytes, span: Span) -> str:
    """Return the text at ``span``."""
    return read_string(body, *span)


def integer(body: bytes, span: Span) -> int:
    """Return the int32, int64 or enum at ``span``."""
    return read_signed(body, *span)
