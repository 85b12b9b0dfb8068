"""TLS as a client needs it: PEM files, Python's context, grpc's credentials, and what a certificate says."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from serlab.connection.options import TransportOptions
from serlab.errors import UsageError

if TYPE_CHECKING:
    import grpc

#: A PEM file's path, or its content.
Credential = str | Path | bytes


def read_pem(source: Credential | None) -> bytes | None:
    """Return a PEM file's bytes, None for none. Raises ``UsageError`` for a file that cannot be read."""
    if not source:
        return None
    if isinstance(source, bytes):
        return source
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the PEM file {source}: {error.strerror}") from error


def grpc_credentials(
    ca: Credential | None = None, cert: Credential | None = None, key: Credential | None = None
) -> grpc.ChannelCredentials:
    """Return what a TLS channel needs: an authority to trust (None: the system's), and who the client is.

    Raises ``UsageError`` for a certificate without its key or the reverse, and for a file that cannot be read.
    """
    import grpc

    if bool(cert) != bool(key):
        raise UsageError("a client certificate and its private key go together: give both, or neither")
    return grpc.ssl_channel_credentials(read_pem(ca), read_pem(key), read_pem(cert))


def tls_context(options: TransportOptions) -> ssl.SSLContext:
    """Return Python's context for a client. Raises ``UsageError`` for files that cannot be used."""
    try:
        context = ssl.create_default_context(cafile=options.ca or None)
        if options.cert:
            context.load_cert_chain(options.cert, options.key)
    except (OSError, ValueError) as error:  # ssl.SSLError is one
        files = ", ".join(path for path in (options.ca, options.cert, options.key) if path)
        raise UsageError(f"cannot use the TLS files ({files}): {error}") from error
    return context


def speaks_tls(host: str, port: int, timeout_s: float) -> bool:
    """Whether a TLS handshake is understood there, whatever the certificate is worth. Raises nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with socket.create_connection((host, port), timeout=timeout_s) as plain, context.wrap_socket(plain):
            return True
    except ssl.SSLError as error:
        # A server that wants the client's certificate, or other parameters, says so in TLS.
        return "ALERT" in (error.reason or "")
    except (OSError, ValueError):
        return False


def certificate_names(host: str, port: int, options: TransportOptions) -> tuple[str, ...]:
    """Return the names that a trusted certificate there is made out to; none where it cannot be had."""
    try:
        context = tls_context(options)
        context.check_hostname = False
        with (
            socket.create_connection((host, port), timeout=options.timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=options.server_name(host)) as encrypted,
        ):
            told = encrypted.getpeercert() or {}
    except (OSError, ValueError, UsageError):
        return ()
    names = told.get("subjectAltName", ())
    return tuple(str(entry[1]) for entry in names if isinstance(entry, tuple) and len(entry) == 2)
