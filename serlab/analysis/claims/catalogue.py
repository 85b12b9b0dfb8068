"""The claims, as an article on TensorFlow model serving over gRPC and HTTP makes them, in its order.

The last is the lab's own: what benchmarks take for granted that time every client in one process.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from serlab.records.claims import Claim

_CLAIMS = (
    Claim("size-raw", "raw size of a float32 image [1,224,224,3]", "602,112 B", "arithmetic: elements × 4 bytes"),
    Claim(
        "size-json",
        "the same image as JSON",
        '≈ 2.8 MB, "almost 5x"',
        "request length of each JSON codec, for uniform, normal and integer values",
    ),
    Claim("size-proto", "the same image as TensorProto", "≈ 603 KB", "length of the message, and of whole requests"),
    Claim(
        "parse-speed",
        "protobuf parses orders of magnitude faster than JSON",
        "≥ 10x",
        "decode time ratio per payload size, paired by round",
    ),
    Claim(
        "multiplexing",
        "HTTP/1.1 keep-alive blocks head-of-line, HTTP/2 streams do not",
        "qualitative",
        "N calls at once on one connection: how long a short call waits behind long ones",
    ),
    Claim(
        "streaming",
        "gRPC supports client, server and bidirectional streams for continuous input",
        "qualitative",
        "methods of TF Serving's PredictionService; unary calls pipelined in their place",
    ),
    Claim(
        "zero-copy",
        "make_tensor_proto is the zero-copy key",
        "0 copies",
        "bytes allocated ÷ payload bytes, by memray",
    ),
    Claim("tolist-time", ".tolist() of float32 [100,224,224,3]", "100–999 ms", "pyperf, fresh processes"),
    Claim(
        "tolist-memory",
        ".tolist() makes temporary objects several times the data",
        "≥ 2x",
        "memray peak ÷ payload bytes",
    ),
    Claim(
        "latency-1k",
        "1 KB feature vector, mean latency: HTTP 98 ms, gRPC 37 ms",
        "2.6x",
        "calls to a small perceptron, REST json ÷ gRPC tensor-proto",
    ),
    Claim("latency-10k", "the gap grows at 10 KB", "5–6x", "the same with 10 KB"),
    Claim(
        "resnet-p50",
        "ResNet-50, p50: gRPC 42 ms, HTTP 110 ms",
        "2.6x",
        "calls to ResNet-50 with one image, REST json ÷ gRPC tensor-proto",
    ),
    Claim("resnet-p99", "ResNet-50, p99: gRPC 68 ms, HTTP 185 ms", "2.7x", "the same calls"),
    Claim(
        "resnet-qps",
        "ResNet-50, most requests per second at concurrency 50: gRPC 1,420, HTTP 480",
        "3.0x",
        "arithmetic; closed-loop load",
    ),
    Claim("resnet-cpu", "ResNet-50, CPU: gRPC 63 %, HTTP 89 %", "1.4x", "CPU seconds per request, server and client"),
    Claim(
        "resnet-bandwidth",
        "ResNet-50, network: gRPC 1.2 Gbit/s, HTTP 2.7 Gbit/s",
        "2.25x",
        "arithmetic; bytes per request and per second",
    ),
    Claim(
        "message-limit",
        "without grpc.max_receive_message_length large outputs fail",
        "fails",
        "a response above 4 MiB with default channel options, then with the option",
    ),
    Claim(
        "json-precision",
        "JSON loses extreme values such as 1e-100",
        "rounding error",
        "extreme float64 values through each codec, offline and through the server",
    ),
    Claim(
        "memory-chunk",
        "chunked transfer bounds the client's memory",
        "bounded",
        "memray peak of a chunked JSON upload ÷ that of the whole body, same server",
    ),
    Claim(
        "batching",
        "max_batch_size and batch_timeout_micros raise throughput",
        "higher",
        "throughput with and without batching at concurrency 8 or more",
    ),
    Claim(
        "dual-protocol",
        "one gateway in front: gRPC for services, HTTP for debugging",
        "works",
        "the same calls direct and through a reverse proxy that carries both",
    ),
    Claim(
        "proto-compat",
        "a client built from other .proto files than the server's loses fields",
        "detected",
        "serlab doctor's check on this server, and on answers with fields the client does not know",
    ),
    Claim(
        "http2-blocked",
        "some middleboxes break HTTP/2",
        "detected",
        "serlab doctor's check on this server, on a port that refuses the HTTP/2 preface, and on a closed port",
    ),
    Claim(
        "client-imports",
        "what a client has imported and does not use costs it nothing",
        "1x",
        "a JSON client's mean encode + decode of an image, with TensorFlow imported ÷ without",
    ),
)

#: Every claim by its id.
CLAIMS: Mapping[str, Claim] = MappingProxyType({claim.id: claim for claim in _CLAIMS})
