"""The reader of HTTP answers, fed in every way, and both clients' errors for answers that nobody should send."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

import pytest

from serlab.errors import TransportError
from serlab.records.call import Call
from serlab.records.run import Endpoint
from serlab.transports import http_answer
from serlab.transports.http_answer import AnswerReader, Data, End, Head, NotHttpError
from serlab.transports.rest import RestTransport

BODY = b'{"predictions": [1.0, 2.0]}'
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKS = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n10;note=x\r\n"
    + BODY[:16]
    + b"\r\nb \r\n"
    + BODY[16:]
    + b"\r\n"
    b"0\r\nExpires: never\r\n\r\n"
)
TO_THE_END = b"HTTP/1.0 200 OK\nServer: old\n\n" + BODY
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\n" + LENGTH
REFUSAL = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: keep-alive, Close\r\n\r\nno"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
BARE = b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
ANSWERS = {
    "length": LENGTH,
    "chunks": CHUNKS,
    "to the end": TO_THE_END,
    "interim": INTERIM,
    "refusal": REFUSAL,
    "empty": EMPTY,
    "bare": BARE,
}


def read(*pieces: bytes) -> tuple[Head, bytes, bool]:
    """Feed the pieces and then the connection's end, if it is waited for; return head, body and ``keep``."""
    reader = AnswerReader()
    head, body, keep = None, b"", None
    for piece in (*pieces, b""):
        if reader.complete:  # as the clients see it who have received more
            keep = keep and not piece
            continue
        for event in reader.feed(piece):
            if isinstance(event, Head):
                assert (head, body) == (None, b""), "one head, before the body"
                head = event
            elif isinstance(event, Data):
                assert len(event.content) > 0
                body += event.content
            else:
                assert isinstance(event, End)
                keep = event.keep
    assert head is not None
    assert keep is not None
    return head, body, keep


def outcome(*pieces: bytes) -> object:
    """Return what ``read`` returns, or the text of its error."""
    try:
        return read(*pieces)
    except NotHttpError as error:
        return str(error)


@pytest.mark.parametrize(
    ("name", "status", "reason", "body", "keep"),
    [
        ("length", 200, "OK", BODY, True),
        ("chunks", 200, "OK", BODY, True),
        ("to the end", 200, "OK", BODY, False),
        ("interim", 200, "OK", BODY, True),
        ("refusal", 404, "Not Found", b"no", False),
        ("empty", 204, "No Content", b"", True),
        ("bare", 200, "", b"", True),
    ],
)
def test_an_answer_is_its_head_its_body_and_whether_the_connection_is_kept(
    name: str, status: int, reason: str, body: bytes, keep: bool
) -> None:
    head, read_body, kept = read(ANSWERS[name])
    assert (head.status, head.reason, read_body, kept) == (status, reason, body, keep)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_the_same_however_it_is_split(name: str) -> None:
    answer = ANSWERS[name]
    whole = read(answer)
    assert read(*(answer[at : at + 1] for at in range(len(answer)))) == whole
    for at in range(1, len(answer)):
        assert read(answer[:at], answer[at:]) == whole, at


@pytest.mark.parametrize("name", ["length", "chunks", "interim", "refusal", "empty", "bare"])
def test_an_answer_that_is_cut_short_anywhere_is_an_error(name: str) -> None:
    answer = ANSWERS[name]
    for at in range(len(answer)):
        with pytest.raises(NotHttpError):
            read(answer[:at])


def test_a_body_in_one_piece_is_that_piece_itself() -> None:
    reader = AnswerReader()
    reader.feed(LENGTH[: -len(BODY)])
    assert reader.left == len(BODY)
    piece = bytes(bytearray(BODY))
    data, end = reader.feed(piece)
    assert isinstance(data, Data)
    assert data.content is piece
    assert end == End(keep=True)


def test_headers_are_found_by_lower_case_name_and_repeated_ones_are_joined() -> None:
    head, _, _ = read(b"HTTP/1.1 200 OK\r\nX-A:1\r\nX-B: \t two words \t\r\nx-a: 3\r\nEmpty:\r\n\r\n")
    assert head.headers == {"x-a": "1, 3", "x-b": "two words", "empty": ""}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"HTTP/1.1 \xb2\xb200 OK\r\n\r\n", "it starts with"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "it starts with"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "it starts with"),
        (b"HTTP/1.1 000 OK\r\n\r\n", "it starts with"),
        (b"HTTP/2 200 OK\r\n\r\n", "it starts with"),
        (b"\r\nHTTP/1.1 200 OK\r\n\r\n", "it starts with"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "changes to another protocol"),
        (b"HTTP/1.1 200 OK\r\nA: 1\r\n folded\r\n\r\n", "is not a header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n", "is not a header"),
        (b"HTTP/1.1 200 OK\r\n: 0\r\n\r\n", "is not a header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", "its Content-Length is '999"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc", r"its Content-Length is '\+3'"),
        (b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "its Content-Length is ''"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 3\r\n\r\nabc", "'2' and '3'"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabcde\r\n", "not a chunk size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n", "not a chunk size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1_0\r\nabcde\r\n", "not a chunk size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nabcde\r\n", "not a chunk size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde0\r\n\r\n", "longer than it says"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc\r\n", "ends after 5 of the 9 bytes"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "before its last chunk"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "its Transfer-Encoding is 'gzip'"),
        (b"HTTP/1.1 200 OK\r\nServer: x", "within its head"),
    ],
)
def test_an_answer_that_cannot_be_meant_is_an_error(answer: bytes, message: str) -> None:
    with pytest.raises(NotHttpError, match=message):
        read(answer)
    assert outcome(*(answer[at : at + 1] for at in range(len(answer)))) == outcome(answer)


@pytest.mark.parametrize(
    ("start", "repeated"),
    [
        (b"HTTP/1.1 200 ", b"x"),
        (b"HTTP/1.1 200 OK\r\nA: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ", b"x"),
    ],
    ids=["reason", "header", "interim answers", "chunk", "trailer"],
)
def test_lines_without_end_are_given_up_before_they_fill_the_memory(start: bytes, repeated: bytes) -> None:
    reader = AnswerReader()
    if start:
        reader.feed(start)
    for _ in range((http_answer.MAX_LINES_BYTES - len(start)) // len(repeated)):
        assert reader.feed(repeated) == []
    with pytest.raises(NotHttpError, match=r"longer than 65,536 bytes"):
        reader.feed(repeated * 100)


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"]
)
def test_headers_and_trailers_without_number_are_given_up(start: bytes) -> None:
    with pytest.raises(NotHttpError, match="one too many"):
        read(start + b"A: 1\r\n" * 200 + b"\r\n")


def test_a_connection_is_not_kept_after_more_than_was_announced() -> None:
    assert read(LENGTH + b"!") == (*read(LENGTH)[:2], False)
    both = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert read(both)[1:] == (b"", False)


class Line:
    """A socket that takes every request, gives the answer in pieces, and then ends."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")
        self.ends = 0

    def recv_into(self, buffer: memoryview) -> int:
        if not self._left:
            self._left = memoryview(next(self._pieces, b""))
            self.ends += not self._left
            assert self.ends <= 2, "the client reads on after the connection's end"
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def sendmsg(self, parts: tuple[bytes, ...]) -> int:
        return sum(map(len, parts))

    def settimeout(self, seconds: float) -> None: ...

    def setsockopt(self, *option: int) -> None: ...

    def close(self) -> None: ...


def mutated(rng: random.Random) -> bytes:
    """Return one of the good answers after one to four changes that a broken or hostile server might make."""
    answer = bytearray(rng.choice(list(ANSWERS.values())))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(answer) + 1)
        end = min(len(answer), at + rng.choice((1, 1, 2, 8, 40)))
        match rng.randrange(7):
            case 0:
                answer[at:at] = rng.randbytes(rng.choice((1, 3, 30)))
            case 1:
                del answer[at:end]
            case 2:
                answer[at:end] = rng.randbytes(end - at)
            case 3:
                del answer[at:]
            case 4:
                answer[at:at] = answer[at:end] * rng.choice((1, 2, 3000))
            case 5:
                numbers = [i for i, byte in enumerate(answer) if 48 <= byte <= 57]
                if numbers:
                    at = rng.choice(numbers)
                    answer[at : at + 1] = rng.choice(
                        (b"-1", b"0", b"7", b"ffffffffffffffff", b"9" * 20, b"9" * 5000, b"\xb2", b"1e9", b"0x1")
                    )
            case _:
                words = (b"\r\n\r\n", b"\n", b"\r", b"\0", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n")
                answer[at:at] = rng.choice(words)
    return bytes(answer)


def in_pieces(answer: bytes, rng: random.Random) -> Iterator[bytes]:
    at = 0
    while at < len(answer):
        size = rng.choice((1, 2, 5, 20, 100, 5000))
        yield answer[at : at + size]
        at += size


def test_a_hostile_answer_is_a_transport_error_or_an_answer_and_never_anything_else(
    monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    rng = random.Random(20)
    refused = answered = 0
    for number in range(6000):
        answer = mutated(rng)
        line = Line(in_pieces(answer, rng))
        monkeypatch.setattr(socket, "create_connection", lambda *_, line=line, **__: line)
        with RestTransport(Endpoint("remote", "", "", "127.0.0.1:1"), call) as transport:
            try:
                body = transport.send(b"{}")
            except TransportError:
                refused += 1
            else:
                answered += 1
                assert body == read(answer)[1], number
        # The other client feeds the reader what it has received, in whatever pieces: the same comes of it.
        assert outcome(*in_pieces(answer, rng)) == outcome(answer), number
    assert refused > 3000
    assert answered > 300, "a change need not break an answer; where none survives, the changes test one thing only"
