"""What libevent 2.1.12 makes of these targets, asked of its own server."""

from __future__ import annotations

import pytest

from serlab.embedded.rest.http_head import path_and_query


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
