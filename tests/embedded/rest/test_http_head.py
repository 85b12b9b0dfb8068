"""What libevent 2.1.12 makes of these heads, asked of its own server."""

from __future__ import annotations

import pytest

from serlab.embedded.rest.http_head import BadRequestError, path_and_query, read_head, read_headers, read_request_line


def test_the_first_of_each_header_counts_whatever_its_letters_and_spaces() -> None:
    head = read_head(b"POST /v1/x HTTP/1.0 \nCONTENT-length:\t 7 \r\nContent-Length: 9\nHost : h\n: none\n folded")
    assert (head.method, head.target, head.version) == ("POST", "/v1/x", (1, 0))
    assert head.length == 7
    assert head.headers == {"content-length": "7", "host ": "h", "": "none folded"}


@pytest.mark.parametrize("line", [b" folded", b"no colon", b"A\0: b", b"A\r: b", b"A: b\rc"])
def test_a_line_that_is_no_header_and_goes_on_with_none_is_refused(line: bytes) -> None:
    with pytest.raises(BadRequestError):
        read_headers([line])


def test_a_folded_header_goes_on_with_a_space() -> None:
    assert read_headers([b"A: b", b"\t c ", b"a: d", b"B: e\r f"]) == {"a": "b c", "b": "e\r f"}


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "ANY"])
def test_some_methods_have_no_body_whatever_their_headers_say(method: str) -> None:
    head = read_head(f"{method} / HTTP/1.1\nContent-Length: x\nTransfer-Encoding: chunked".encode())
    assert (head.length, head.chunked) == (0, False)


def test_a_version_may_have_signs() -> None:
    assert read_request_line(b"GET / HTTP/+1.-1")[2] == (1, -1)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"GET",
        b"GET ",
        b"GET /",
        b"GET / HTTP/2.0",
        b"GET / http/1.1",
        b"GET / HTTP/1",
        b"GET / HTTP/x.1",
        b"GET / I",
    ],
)
def test_a_line_without_method_target_and_version_is_no_request(line: bytes) -> None:
    with pytest.raises(BadRequestError):
        read_request_line(line)


@pytest.mark.parametrize(("text", "target"), [(b"GET /a b HTTP/1.1", "/a b"), (b"GET  / HTTP/1.1", " /")])
def test_spaces_belong_to_the_target(text: bytes, target: str) -> None:
    assert read_request_line(text)[1] == target


@pytest.mark.parametrize(
    ("head", "closes"),
    [
        (b"GET / HTTP/1.1", False),
        (b"GET / HTTP/1.1\nConnection: Close", True),
        (b"GET / HTTP/1.0", True),
        (b"GET / HTTP/1.0\nConnection: Keep-Alive", False),
        (b"GET http://h/ HTTP/1.1\nConnection: keep-alive", True),
        (b"GET HTTPS://h/ HTTP/1.1\nProxy-Connection: keep-alive", True),
    ],
)
def test_when_a_connection_closes(head: bytes, closes: bool) -> None:
    assert read_head(head).closes is closes


@pytest.mark.parametrize("length", ["", "-1", "7x", "0x7", "1 2"])
def test_a_length_is_a_whole_number(length: str) -> None:
    with pytest.raises(BadRequestError):
        _ = read_head(f"POST / HTTP/1.1\nContent-Length: {length}".encode()).length


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/v1/a%6f%2F?q=%41#f", "/v1/a%6f%2F?q=%41#f"),
        ("/v1/a?b?c#d", "/v1/a?b?c#d"),
        ("http://u:p@h:80/v1/x?y", "/v1/x?y"),
        ("http://[::1]/v1/x", "/v1/x"),
        ("http:/v1/x", "/v1/x"),
        ("http://h?x", "?x"),
        ("//host/v1/x", "/v1/x"),
        ("///v1/x", "/v1/x"),
        ("a:b/v1/x", "b/v1/x"),
        ("v1/models/x", "v1/models/x"),
        ("*", "*"),
    ],
)
def test_the_path_behind_scheme_and_authority(target: str, path: str) -> None:
    assert path_and_query(target) == path


@pytest.mark.parametrize(
    "target",
    ["/v1/%4", "/a b", "/v1/\xe9", '/v1/"', "/v1/[a]", "/v1/a#b#c", "http://h:99999/v1/x", "http://h:ab/v1/x",
     "http://[::1/v1/x", "1a:/v1/x", "//a b"],
)  # fmt: skip
def test_what_is_no_uri(target: str) -> None:
    assert path_and_query(target) is None
