"""Stands in for a model server's REST API: one model, and Predict calls refused in words that quote the header.

Not a test module.
"""

from __future__ import annotations

import http.server
import json

TENSOR = {
    "dtype": "DT_FLOAT",
    "tensor_shape": {"dim": [{"size": "4", "name": ""}, {"size": "4", "name": ""}], "unknown_rank": False},
    "name": "x:0",
}
METADATA = {
    "model_spec": {"name": "m", "signature_name": "", "version": "1"},
    "metadata": {
        "signature_def": {
            "signature_def": {
                "serving_default": {
                    "inputs": {"x": TENSOR},
                    "outputs": {"y": TENSOR},
                    "method_name": "tensorflow/serving/predict",
                }
            }
        }
    },
}
STATUS = {"model_version_status": [{"version": "1", "state": "AVAILABLE", "status": {"error_message": ""}}]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(200, METADATA if self.path.endswith("/metadata") else STATUS)

    def do_POST(self) -> None:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(403, {"error": f"{self.headers['Authorization']} is not allowed here"})

    def answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(json.dumps({"port": server.server_address[1]}), flush=True)
server.serve_forever()
