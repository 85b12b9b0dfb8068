"""Request targets as libevent 2.1 takes them apart (``evhttp_uri_parse``, after RFC 3986)."""

from __future__ import annotations

import re

_ENCODED = r"%[0-9A-Fa-f]{2}"
_NAME = rf"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|{_ENCODED})"
_PATH = rf"(?:{_NAME}|[:@/])"
_AUTHORITY = rf"(?:(?:{_NAME}|:)*@)?(?:\[[0-9A-Fa-fvV:.]*\]|{_NAME}*)(?::(?P<port>[0-9]*))?"
_URI = re.compile(
    rf"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*:)?(?:(?P<authority>//){_AUTHORITY}(?=[/?#]|\Z))?"
    rf"(?P<path>{_PATH}*)(?P<query>\?(?:{_PATH}|\?)*)?(?P<fragment>#(?:{_PATH}|\?)*)?"
)
_MAX_PORT = 65535


def path_and_query(target: str) -> str | None:
    """Return the part of a request's target that the API looks at: its path, query and fragment, as they came.

    Scheme and authority are dropped, also those of ``//host/path``. None for what is no URI.
    """
    match = _URI.fullmatch(target)
    if not match or int(match["port"] or 0) > _MAX_PORT:
        return None
    path: str = match["path"]
    if match["authority"] is None and (path.startswith("//") or not (match["scheme"] or ":" not in path.split("/")[0])):
        return None
    return path + (match["query"] or "") + (match["fragment"] or "")
