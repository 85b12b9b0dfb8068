"""What the errors of sockets, TLS and gRPC mean for a user: one text for each cause, whoever ran into it."""

from __future__ import annotations

import http.client
import os
import re
import socket
import ssl

from serlab.connection.options import TransportOptions
from serlab.connection.tls import certificate_names, speaks_tls

_NOT_RESOLVED = "the host's name does not resolve. Is it spelled right, and is it known on this machine?"
_REFUSED = "nothing listens there (connection refused). Is the server running, and is this its {port} port?"
_TIMED_OUT = "the connection timed out. Is the address right, and does a firewall stand between?"
_WANTS_TLS = "it speaks TLS there: add --tls, or https:// or grpcs:// in the address"
_NO_TLS = "it does not speak TLS there: leave --tls out, or give the port that does"
_WANTS_CERTIFICATE = "it asks for a client certificate: give --cert and --key"
_PINGS = (
    "the server ended the connection because of the client's keep-alive pings, not of the call: it wants fewer. Raise "
    "grpc.keepalive_time_ms, to more than 5 minutes for a server with default settings"
)
#: Variables that gRPC takes a proxy from, in its order (grpc core, http_proxy_mapper).
_PROXY_VARIABLES = ("grpc_proxy", "https_proxy", "http_proxy")
_LARGER = re.compile(r"(?P<side>SERVER|CLIENT)?:? ?(?P<what>Received|Sent) message larger than max")


def grpc_advice(code: str, details: str, *, proxies: bool = False) -> str:
    """Return what to make of a gRPC status, "" where nothing more can be said than its details do.

    ``proxies``: whether the channel takes a proxy from the environment, as grpc does by default.
    """
    lower = details.lower()
    if code == "RESOURCE_EXHAUSTED" and (found := _LARGER.search(details)):
        return _limit_advice(found["side"], found["what"])
    if "too_many_pings" in lower or "too many pings" in lower:
        return _PINGS
    if code == "DEADLINE_EXCEEDED":
        return "give a longer timeout if the model may take longer"
    if code != "UNAVAILABLE":
        return ""
    proxy = proxy_variable() if proxies else ""
    if proxy and ("proxy" in lower or "connect" in lower or "http/2" in lower):
        return (
            f"a proxy stands in the way: grpc takes it from the environment's {proxy}. Name the host in no_proxy, or "
            'give the option ("grpc.enable_http_proxy", 0)'
        )
    return _connection_advice(lower)


def _limit_advice(side: str | None, what: str) -> str:
    if side == "SERVER" and what == "Received":
        return "it is the server's limit on a request: raise grpc.max_receive_message_length there, or send fewer rows"
    if side == "SERVER":
        return "it is the server's limit on an answer: raise grpc.max_send_message_length there"
    return "it is the client's limit on an answer: raise its grpc.max_receive_message_length (serlab: --max-receive)"


def _connection_advice(lower: str) -> str:
    if any(words in lower for words in ("domain name not found", "dns resolution", "errors resolving", "lookup error")):
        return _NOT_RESOLVED
    if "connection refused" in lower:
        return _REFUSED.format(port="gRPC")
    if "hostname verification" in lower or "not in peer certificate" in lower:
        return "its certificate is made out to another name: give that one with --authority"
    if "certificate_verify_failed" in lower:
        return "its certificate is not trusted: name its authority with --ca"
    if "wrong_version_number" in lower:
        return _NO_TLS
    if "certificate_required" in lower:
        return _WANTS_CERTIFICATE
    if "settings frame" in lower or "http1.x" in lower:
        return "it speaks another protocol: is this the REST port?"
    if "security handshaker" in lower:
        return "the file given with --ca, --cert or --key is not a PEM certificate or key"
    return "is the server running, is this its gRPC port, and does it speak TLS if and only if --tls is given?"


def grpc_trouble(address: str, code: str, details: str, options: TransportOptions, *, tls: bool) -> str:
    """Return what to make of a status of a connection that never worked, after a look at what is there."""
    lower = details.lower()
    host, port = host_and_port(address)
    if "hostname verification" in lower or "not in peer certificate" in lower:
        return other_name_advice(host, port, options)
    if "certificate_verify_failed" in lower:
        return untrusted_advice(options)
    if not tls and code in ("UNAVAILABLE", "DEADLINE_EXCEEDED") and speaks_tls(host, port, options.timeout_s):
        return _WANTS_TLS
    if tls and code == "UNAVAILABLE" and any(words in lower for words in ("socket closed", "connection reset")):
        return f"the connection broke. {_WANTS_CERTIFICATE[0].upper()}{_WANTS_CERTIFICATE[1:]}, if it does"
    return grpc_advice(code, details)


def socket_trouble(error: Exception, host: str, port: int, options: TransportOptions, *, tls: bool) -> str:
    """Return what an error of a REST connection means, after a look at what is there."""
    if isinstance(error, socket.gaierror):
        return _NOT_RESOLVED
    if isinstance(error, ConnectionRefusedError):
        return _REFUSED.format(port="REST")
    if isinstance(error, TimeoutError):
        return _TIMED_OUT
    if isinstance(error, ssl.SSLCertVerificationError):
        mismatch = "not valid for" in error.verify_message or "mismatch" in error.verify_message.lower()
        return other_name_advice(host, port, options) if mismatch else untrusted_advice(options, error.verify_message)
    if isinstance(error, ssl.SSLError):
        reason = error.reason or str(error)
        if "WRONG_VERSION" in reason or "HTTP_REQUEST" in reason:
            return _NO_TLS
        return _WANTS_CERTIFICATE if "CERTIFICATE_REQUIRED" in reason else f"TLS failed ({reason})"
    if isinstance(error, http.client.BadStatusLine) and str(error).startswith("\0\0"):
        return "it speaks HTTP/2. Is this its gRPC port?"
    if not tls and speaks_tls(host, port, options.timeout_s):
        return _WANTS_TLS
    shown = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    if tls:
        return f"{shown}. Is this the server's REST port, and does it ask for a client certificate (--cert, --key)?"
    return f"{shown}. Is this the server's REST port, not its gRPC port?"


def other_name_advice(host: str, port: int, options: TransportOptions) -> str:
    """Return what to do about a certificate that is made out to another name than the server is called by."""
    wanted = options.server_name(host)
    names = certificate_names(host, port, options)
    listed = ", ".join(names[:5])
    made_out = f"to {listed}" if names else "to another name"
    example = next((name for name in names if not name.startswith("*")), "NAME")
    return f"its certificate is made out {made_out}, not to {wanted}: say --authority {example} if that server is meant"


def untrusted_advice(options: TransportOptions, words: str = "") -> str:
    """Return what to do about a certificate that nobody who is trusted has signed."""
    said = f" ({words})" if words else ""
    if options.ca:
        return f"its certificate is not signed by the authority in {options.ca}{said}"
    return f"its certificate is not trusted{said}. Name its authority with --ca"


def proxy_variable() -> str:
    """Return the environment variable that gives grpc a proxy, "" for none."""
    return next((name for name in _PROXY_VARIABLES if os.environ.get(name)), "")


def host_and_port(address: str) -> tuple[str, int]:
    """Return the parts of ``HOST:PORT`` (IPv6 in brackets), the port 0 where there is none."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port) if port.isdigit() else 0
