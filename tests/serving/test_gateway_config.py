"""The config that ``serlab gateway`` writes."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from serlab.errors import ServingError, UsageError
from serlab.records.run import Endpoint
from serlab.serving import gateway
from serlab.serving.gateway import find_nginx, gateway_config, nginx_version, start_gateway

BOTH = Endpoint("remote", "", "10.0.0.1:8500", "10.0.0.1:8501")


def config(endpoint: Endpoint, folder: Path = Path("/tmp/x")) -> str:
    return gateway_config(endpoint, grpc_listen="127.0.0.1:9500", rest_listen="127.0.0.1:9501", folder=folder)


def test_nginx_itself_accepts_the_config(tmp_path: Path) -> None:
    try:
        executable = find_nginx()
    except ServingError as error:
        pytest.skip(str(error))
    file = tmp_path / "nginx.conf"
    file.write_text(config(BOTH, tmp_path))
    done = subprocess.run([executable, "-t", "-p", str(tmp_path), "-c", str(file)], capture_output=True, text=True)
    assert "test is successful" in done.stderr
    assert "warn" not in done.stderr


def test_each_protocol_goes_to_its_own_port() -> None:
    text = config(BOTH)
    assert "grpc_pass grpc://model_server_grpc;" in text
    assert "proxy_pass http://model_server_rest;" in text
    assert "server 10.0.0.1:8500;" in text
    assert "server 10.0.0.1:8501;" in text
    assert "listen 127.0.0.1:9500 http2;" in text


def test_a_protocol_the_server_lacks_is_left_out() -> None:
    only_rest = config(Endpoint("remote", "", "", "10.0.0.1:8501"))
    assert "grpc_pass" not in only_rest
    assert "proxy_pass" in only_rest


def test_a_server_behind_tls_is_refused() -> None:
    with pytest.raises(UsageError, match="TLS"):
        config(Endpoint("remote", "", "h:1", "h:2", tls=True))


def test_a_machine_without_nginx_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda place: None)
    with pytest.raises(ServingError, match="apt-get install nginx-light"):
        find_nginx()


def fake_nginx(tmp_path: Path, script: str) -> str:
    path = tmp_path / "nginx"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_an_nginx_without_http2_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match="without HTTP/2"):
        nginx_version(fake_nginx(tmp_path, 'echo "nginx version: nginx/1.0" >&2'))


def test_an_nginx_that_does_not_come_up_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = '[ "$1" = -V ] && echo "nginx version: nginx/1.0 --with-http_v2_module" && exit 0\necho no luck; exit 3'
    executable = fake_nginx(tmp_path, script)
    monkeypatch.setattr(gateway, "find_nginx", lambda: executable)
    with pytest.raises(ServingError, match=r"code 3(.|\n)*no luck"), start_gateway(BOTH):
        pass
