"""What the embedded server's calls take, as ratios: ``python benches/standin.py [--seconds 10]``.

- REST, 150,528 float32 as JSON numbers, big in, big out and both, over loopback within this process: the whole
  exchange, and the server's part without sockets, over ``orjson.loads`` of the big body;
- gRPC, a Predict of 1 KB, over a health check on the same server.

Calls are interleaved, and each ratio is of the least time and of the median of each. Measure with nothing beside it.
"""

from __future__ import annotations

import argparse
import gc
import http.client
import os
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial

import numpy as np
import orjson

from serlab.wire import encode_predict

Calls = dict[str, Callable[[], object]]
_PATH = "/v1/models/sizes:predict"


def main() -> None:
    """Measure and print."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each of the four comparisons measures")
    seconds: float = parser.parse_args().seconds

    with ExitStack() as opened:
        _print_ratios("gRPC", _grpc(opened), seconds)
    with ExitStack() as opened:
        comparisons = _rest(opened)
        gc.collect()
        gc.freeze()
        for name, calls in comparisons.items():
            _print_ratios(name, calls, seconds)


def _rest(opened: ExitStack) -> dict[str, Calls]:
    from serlab.embedded.config import ModelConfig
    from serlab.embedded.core import ServerCore
    from serlab.embedded.rest.api import Request, RestApi
    from serlab.embedded.rest.server import RestServer
    from serlab.servable.models import ensure_model

    image = np.random.default_rng(1).random((1, 224, 224, 3), np.float32)
    core = ServerCore([ModelConfig("sizes", ensure_model("sizes"))])
    opened.callback(core.close)
    api = RestApi(core)
    server = RestServer(api, "127.0.0.1", 0, threads=4)
    opened.callback(server.stop)
    client = opened.enter_context(closing(http.client.HTTPConnection("127.0.0.1", server.start(grace_s=1))))

    def exchange(body: bytes) -> bytes:
        client.request("POST", _PATH, body)
        answer = client.getresponse()
        assert answer.status == 200, answer.status
        return answer.read()

    comparisons: dict[str, Calls] = {}
    for name, signature, values in (
        ("in", "eat", image),
        ("out", "make", np.array([image.size], np.int32)),
        ("echo", "echo", image),
    ):
        document = {"signature_name": signature, "instances": values}
        body = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
        request = Request("POST", _PATH, {}, body)
        big = exchange(body) if name == "out" else body
        comparisons[f"REST {name}"] = {
            "orjson.loads": partial(orjson.loads, big),
            "whole exchange": partial(exchange, body),
            "server's part": partial(api.answer, request),
        }
    return comparisons


def _grpc(opened: ExitStack) -> Calls:
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    from serlab.connection.channel import PREDICT_METHOD
    from serlab.embedded import start_embedded
    from serlab.servable.models import ensure_model

    server = opened.enter_context(start_embedded(model_name="sizes", model_base_path=ensure_model("sizes")))
    channel = opened.enter_context(grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}"))
    body = encode_predict("sizes", {"x": np.ones((1, 256), np.float32)}, signature="echo")
    return {
        "health check": partial(health_pb2_grpc.HealthStub(channel).Check, health_pb2.HealthCheckRequest()),
        "Predict of 1 KB": partial(channel.unary_unary(PREDICT_METHOD), body),
    }


def _print_ratios(title: str, calls: Calls, seconds: float) -> None:
    """Time ``calls`` in turn and print each over the first."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(next(iter(taken.values()))) < 3:
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            taken[name].append(time.perf_counter() - start)
    first = next(iter(taken.values()))
    for name, times in taken.items():
        least, middle = min(times), statistics.median(times)
        print(
            f"{title:<9} {name:<16} least {least * 1e3:8.3f} ms  median {middle * 1e3:8.3f} ms  ratio "
            f"{least / min(first):.2f} (least)  {middle / statistics.median(first):.2f} (median)  n = {len(times)}"
        )


if __name__ == "__main__":
    main()
