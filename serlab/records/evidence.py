"""What evidence calls things: the quantities, settings and facts that experiments write and judges look up.

Each word stands here once, so that an experiment and its judge cannot come to mean different things.
"""

from __future__ import annotations

# Quantities of series.
LATENCY = "latency"
THROUGHPUT = "throughput"
NETWORK = "network"
CALL_BYTES = "bytes per request"
RAW_BYTES = "raw bytes"
REQUEST_BYTES = "request bytes"
MESSAGE_BYTES = "message bytes"
RESPONSE_BYTES = "response bytes"
ALLOCATED = "allocated"
COPY_VOLUME = "memcpy volume"
TIME = "time"
RESIDENT = "resident"
PEAK = "peak"
EXACT = "exact"
DECODE = "decode"
OVERLAP = "overlap"
SMALL_BEHIND_LARGE = "small behind large"
FRAMES = "frames per second"
CLIENT_CPU, SERVER_CPU, CPU = "client CPU", "server CPU", "CPU"
#: What a call would take on TensorFlow Serving: the client's own steps as measured, the exchange by its law.
PREDICTED = "latency, predicted for TensorFlow Serving"
#: The part of that which comes from the law, whose error widens the interval.
PREDICTED_EXCHANGE = "exchange, predicted for TensorFlow Serving"

# Settings of series.
NO_BATCHING = "no batching"
DIRECT, THROUGH_GATEWAY = "direct", "gateway"
WHOLE, CHUNKED = "whole body", "chunked"
OFFLINE, LIVE = "offline", "live"
COLLECTOR_PAUSED = "collector paused"
ONE_CONNECTION, CONNECTION_PER_CALL = "one connection", "a connection per call"
GRPC_ONE, GRPC_POOL = f"gRPC, {ONE_CONNECTION}", f"gRPC, {CONNECTION_PER_CALL}"
REST_ONE, REST_POOL = f"REST, {ONE_CONNECTION}", f"REST, {CONNECTION_PER_CALL}"

# Stand-ins for codecs.
TOLIST, MAKE_TENSOR_PROTO = "tolist", "make_tensor_proto"

# Facts.
LAW, LAW_SPREAD = "law", "law's spread"
SAME_ANSWERS = "same answers"
GATEWAY_NAME = "gateway"
METHODS, STREAMING_METHODS = "methods", "streaming methods"
CALLS_AT_ONCE = "calls at once"
DEFAULT_OPTIONS, WITH_OPTION = "default options", "with the option"
NAMED_VALUE = "1e-100 as float64 over REST json"
JSON_CODECS = "JSON codecs"
#: What the doctor said of a case, and what it should have said: prefixes of facts.
SAID, EXPECTED = "said of ", "expected of "


def in_flight(calls: int) -> str:
    """Return the setting of so many calls at once."""
    return f"{calls} in flight"


LIGHT, WITH_TENSORFLOW, FROZEN = "light client", "TensorFlow imported", "TensorFlow imported, gc.freeze()"
