"""A gateway in front of an instance: nginx carrying gRPC (``grpc_pass``) and REST (``proxy_pass``), from one config.

The config keeps connections to the server open, puts no limit on bodies and none on the requests of a connection:
nginx's defaults (a new connection per request, 1 MiB, 1,000 requests) would be measured instead of the hop.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from serlab.errors import ServingError, UsageError
from serlab.records.run import Endpoint
from serlab.records.scratch import Scratch
from serlab.serving.binary import PortTakenError, free_ports
from serlab.serving.process import ServerProcess

EXECUTABLE = "nginx"
#: Where Debian and others put it, out of an ordinary user's PATH.
_MORE_PLACES = ("/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/nginx/sbin/nginx")
_HOST = "127.0.0.1"
START_TIMEOUT_S = 10.0
_PORT_ATTEMPTS = 3
_POLL_S = 0.02

_CONFIG = """\
# gRPC on {grpc_listen}, REST on {rest_listen}; both to one model server.
# One process, so that it ends with the one that started it; for a service of your own, drop these two lines.
master_process off;
daemon off;

pid {folder}/nginx.pid;
error_log stderr warn;

events {{
    worker_connections 4096;
}}

http {{
    access_log off;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_max_body_size 0;
    client_body_buffer_size 16m;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{grpc}{rest}}}
"""

_GRPC = """
    upstream model_server_grpc {{
        server {upstream};
        keepalive 256;
        keepalive_requests 1000000000;
        keepalive_timeout 1h;
    }}
    server {{
        listen {listen} http2;
        http2_max_concurrent_streams 1024;
        grpc_read_timeout {timeout_s:.0f}s;
        grpc_send_timeout {timeout_s:.0f}s;
        grpc_buffer_size 256k;
        location / {{
            grpc_pass grpc://model_server_grpc;
        }}
    }}
"""

_REST = """
    upstream model_server_rest {{
        server {upstream};
        keepalive 256;
        keepalive_requests 1000000000;
        keepalive_timeout 1h;
    }}
    server {{
        listen {listen};
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        proxy_read_timeout {timeout_s:.0f}s;
        proxy_send_timeout {timeout_s:.0f}s;
        proxy_buffers 64 64k;
        proxy_max_temp_file_size 0;
        proxy_request_buffering off;
        location / {{
            proxy_pass http://model_server_rest;
        }}
    }}
"""


def gateway_config(
    endpoint: Endpoint, *, grpc_listen: str, rest_listen: str, folder: Path, timeout_s: float = 60.0
) -> str:
    """Return the text of an ``nginx.conf`` in front of ``endpoint``; a protocol it does not offer is left out.

    ``grpc_listen`` and ``rest_listen`` are ``host:port``; ``folder`` takes nginx's temporary files.

    Raises:
        UsageError: the server speaks TLS: nginx would have to be told its certificates.
    """
    if (endpoint.grpc and endpoint.tls) or (endpoint.rest and endpoint.rest_tls):
        raise UsageError("a gateway in front of a server that speaks TLS is not offered: give its plain ports")
    grpc = _GRPC.format(upstream=endpoint.grpc, listen=grpc_listen, timeout_s=timeout_s) if endpoint.grpc else ""
    rest = _REST.format(upstream=endpoint.rest, listen=rest_listen, timeout_s=timeout_s) if endpoint.rest else ""
    return _CONFIG.format(grpc_listen=grpc_listen, rest_listen=rest_listen, folder=folder, grpc=grpc, rest=rest)


def find_nginx() -> str:
    """Return the path of nginx. Raises ``ServingError`` where it is not installed."""
    for place in (EXECUTABLE, *_MORE_PLACES):
        if found := shutil.which(place):
            return found
    raise ServingError("nginx is not installed: apt-get install nginx-light, or brew install nginx")


def nginx_version(executable: str) -> str:
    """Return ``nginx/1.22.1``. Raises ``ServingError`` where it cannot be run, or was built without HTTP/2."""
    try:
        done = subprocess.run([executable, "-V"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise ServingError(f"{executable} -V cannot be run: {error}") from error
    told = done.stderr + done.stdout
    if "http_v2_module" not in told:
        raise ServingError(f"{executable} was built without HTTP/2 and cannot carry gRPC: install a usual nginx")
    match = re.search(r"nginx/[\w.]+", told)
    return match[0] if match else EXECUTABLE


@contextmanager
def start_gateway(endpoint: Endpoint, *, timeout_s: float = 60.0) -> Iterator[Endpoint]:
    """Run nginx in front of ``endpoint`` on free loopback ports and yield the gateway as an endpoint of its own.

    Its ``pid`` is nginx's: CPU and memory read through it are the gateway's, not the server's.

    Raises:
        ServingError: nginx is not installed or does not come up; the message ends with what it wrote.
    """
    executable = find_nginx()
    version = nginx_version(executable)
    with Scratch("gateway") as name:
        process, through = _start(executable, endpoint, Path(name), timeout_s)
        try:
            yield replace(through, version=f"{endpoint.version}, through {version}")
        finally:
            process.stop()


def _start(executable: str, endpoint: Endpoint, folder: Path, timeout_s: float) -> tuple[ServerProcess, Endpoint]:
    for attempt in range(1, _PORT_ATTEMPTS + 1):
        try:
            return _start_once(executable, endpoint, folder, timeout_s)
        except PortTakenError:
            if attempt == _PORT_ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def _start_once(executable: str, endpoint: Endpoint, folder: Path, timeout_s: float) -> tuple[ServerProcess, Endpoint]:
    grpc_listen, rest_listen = (f"{_HOST}:{port}" for port in free_ports(2))
    config = folder / "nginx.conf"
    config.write_text(
        gateway_config(endpoint, grpc_listen=grpc_listen, rest_listen=rest_listen, folder=folder, timeout_s=timeout_s)
    )
    process = ServerProcess([executable, "-p", str(folder), "-c", str(config), "-e", "stderr"], folder / "nginx.log")
    through = replace(
        endpoint,
        grpc=grpc_listen if endpoint.grpc else "",
        rest=rest_listen if endpoint.rest else "",
        pid=process.pid,
    )
    try:
        _await(process, [address for address in (through.grpc, through.rest) if address])
    except BaseException:
        process.stop()
        raise
    return process, through


def _await(process: ServerProcess, addresses: list[str]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    for address in addresses:
        host, _, port = address.rpartition(":")
        while True:
            if process.exit_code is not None:
                words = process.output()
                kind = PortTakenError if "ddress already in use" in words else ServingError
                raise kind(f"nginx ended with code {process.exit_code}:\n{words}")
            try:
                socket.create_connection((host, int(port)), 1.0).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise ServingError(f"nginx does not listen on {address}:\n{process.output()}") from None
                time.sleep(_POLL_S)
