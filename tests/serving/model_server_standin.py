"""Stands in for tensorflow_model_server: its flags, its status and metadata answers, a Predict that echoes.

Not a test module. What it does wrong on demand is chosen by flags that begin with ``--standin_``.
"""

from __future__ import annotations

import base64
import http.server
import json
import os
import re
import signal
import ssl
import sys
import threading
import time
from concurrent import futures
from pathlib import Path
from typing import Any

STATES = {"LOADING": 20, "AVAILABLE": 30, "END": 50}


def parse(arguments: list[str]) -> dict[str, str]:
    flags = {}
    for argument in arguments:
        name, _, value = argument.removeprefix("--").partition("=")
        flags[name] = value
    return flags


def message(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def recorded(file: Path, name: str, field: str) -> bytes:
    cases = map(json.loads, file.read_text().splitlines())
    return base64.b64decode(next(case for case in cases if case["name"] == name)["expect"][field])


class Server:
    def __init__(self, flags: dict[str, str]) -> None:
        self.flags = flags
        self.state = flags.get("standin_state", "AVAILABLE")
        self.error = flags.get("standin_load_error", "")
        config = Path(flags["model_config_file"]).read_text() if "model_config_file" in flags else 'name: "versions"'
        self.models = re.findall(r'name: "([^"]*)"', config)
        corpus = Path(flags["standin_corpus"])
        self.grpc_metadata = recorded(corpus / "grpc.jsonl", "metadata", "response_b64")
        self.rest_metadata = recorded(corpus / "rest.jsonl", "get-metadata", "body_b64")

    def record(self, **what: object) -> None:
        if "standin_record" in self.flags:
            with open(self.flags["standin_record"], "a") as file:
                file.write(json.dumps(what) + "\n")

    def rest_answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        model = re.split("[/:]", path.removeprefix("/v1/models/"))[0]
        if model not in self.models:
            return 404, json.dumps({"error": f"Could not find any versions of model {model}"}).encode()
        if path.endswith("/metadata"):
            return 200, self.rest_metadata
        if path.endswith(":predict"):
            return 200, body
        status = {"error_code": "OK", "error_message": self.error}
        versions = [{"version": version, "state": self.state, "status": status} for version in ("2", "1")]
        return 200, json.dumps({"model_version_status": versions}).encode()

    def grpc_answer(self, method: str, request: bytes, context: object) -> bytes:
        import grpc

        if not any(model.encode() in request for model in self.models) and "Predict" not in method.rpartition("/")[2]:
            context.abort(grpc.StatusCode.NOT_FOUND, "Could not find any versions of model none")  # type: ignore[attr-defined]
        if method.endswith("GetModelStatus"):
            status = message(3, message(2, self.error.encode())) if self.error else message(3, b"")
            return b"".join(message(1, bytes([8, version, 16, STATES[self.state]]) + status) for version in (2, 1))
        return self.grpc_metadata if method.endswith("GetModelMetadata") else request

    def serve_rest(self) -> None:
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                server.record(rest=self.path, headers=dict(self.headers))
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, answer = server.rest_answer(self.command, self.path, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *arguments: object) -> None:
                pass

        listener = http.server.ThreadingHTTPServer(("127.0.0.1", int(self.flags["rest_api_port"])), Handler)
        if "standin_cert" in self.flags:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.flags["standin_cert"], self.flags["standin_key"])
            listener.socket = context.wrap_socket(listener.socket, server_side=True)
        threading.Thread(target=listener.serve_forever, daemon=True).start()

    def serve_grpc(self) -> None:
        import grpc

        server = self

        class Handler(grpc.GenericRpcHandler):
            def service(self, details: Any) -> Any:
                server.record(grpc=details.method, headers=dict(details.invocation_metadata))
                return grpc.unary_unary_rpc_method_handler(
                    lambda request, context: server.grpc_answer(details.method, request, context)
                )

        listener = grpc.server(futures.ThreadPoolExecutor(2), handlers=(Handler(),))
        address = f"127.0.0.1:{self.flags['port']}"
        if "standin_cert" in self.flags:
            pair = tuple(Path(self.flags[name]).read_bytes() for name in ("standin_key", "standin_cert"))
            assert listener.add_secure_port(address, grpc.ssl_server_credentials([pair]))
        else:
            assert listener.add_insecure_port(address)
        listener.start()
        self.listener = listener


def main() -> None:
    flags = parse(sys.argv[1:])
    if "version" in flags:
        print("TensorFlow ModelServer: 9.8.7-rc0\nTensorFlow Library: 9.8.6")
        return
    if "standin_fail" in flags:
        sys.exit(f"[evhttp] {flags['standin_fail']}")
    if "standin_stubborn" in flags:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server = Server(flags)
    server.record(argv=sys.argv[1:], pid=os.getpid())
    clash = Path(flags["standin_clash"]) if "standin_clash" in flags else None
    if clash is not None and not clash.exists():
        clash.touch()
        print(f"Failed to start HTTP Server at localhost:{flags['rest_api_port']}", flush=True)
    elif "standin_hang" not in flags:
        server.serve_rest()
        server.serve_grpc()
    print("running", flush=True)
    parent = os.getppid()
    while os.getppid() == parent:  # a test run that is killed must not leave it behind
        time.sleep(0.5)


main()
