"""gRPC for the service: grpcio moves bytes, a pool of threads answers them.

Threads rather than ``grpc.aio``: measured side by side a health check costs the same on both, and a Predict less, for
its thread may wait for the model while others go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from serlab.embedded.rpc.service import GrpcService, Handler
from serlab.embedded.status import Code, StatusError
from serlab.embedded.subnormals import flush_subnormals
from serlab.errors import ServingError

_STATUS = {Code[code.name]: code for code in grpc.StatusCode}
#: How many bytes of a message are told (ToGRPCStatus in tensorflow_serving/model_servers/grpc_status_util.cc).
_MESSAGE_BYTES = 1024


def start_grpc(
    service: GrpcService, address: str, *, max_threads: int, channel_arguments: list[tuple[str, Any]]
) -> tuple[grpc.Server, int]:
    """Start a server on ``host:port`` (0: any free port) and return it with its port.

    At most ``max_threads`` calls run at once; one more is answered RESOURCE_EXHAUSTED at once, as TensorFlow Serving
    does when its resource quota has no thread left.

    Raises:
        ServingError: the port cannot be bound.
    """
    running = threading.BoundedSemaphore(max_threads)
    # Threads beyond the limit do nothing but say that the pool is exhausted.
    pool = ThreadPoolExecutor(2 * max_threads + 2, thread_name_prefix="grpc", initializer=flush_subnormals)
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(pool, options=[*options, ("grpc.so_reuseport", 0), *channel_arguments])
    healthy = health.HealthServicer()
    for name, methods in service.methods().items():
        handlers = {
            method: grpc.unary_unary_rpc_method_handler(_handler(function, running))
            for method, function in methods.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
        healthy.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise ServingError(f"cannot listen for gRPC on {address}: {error}") from error
    server.start()
    return server, int(port)


def _handler(function: Handler, running: threading.BoundedSemaphore) -> Callable[[bytes, Any], bytes]:
    def handle(body: bytes, context: grpc.ServicerContext) -> bytes:
        if not running.acquire(blocking=False):
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Server Threadpool Exhausted")
        try:
            return function(body)
        except MemoryError:
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "out of memory while answering the request")
            raise
        except StatusError as error:
            context.abort(_STATUS[error.code], _shortened(error.message))
            raise
        finally:
            running.release()

    return handle


def _shortened(message: str) -> Any:
    """Return what a client is told of a message: bytes, as the cut may go through a character."""
    text = message.encode("utf-8", "surrogateescape")
    return text if len(text) <= _MESSAGE_BYTES else text[:_MESSAGE_BYTES] + b"...TRUNCATED"
