"""Every experiment, in the order in which they are made: offline ones first, the long ones last."""

from __future__ import annotations

from serlab.measure.claims import (
    batching,
    clients,
    copies,
    diagnosis,
    extremes,
    gateway,
    latency,
    saturation,
    sharing,
    sizes,
    tolist,
)
from serlab.measure.claims.lab import Experiment
from serlab.servable.batched import BATCHED_MODEL
from serlab.servable.mlp import MLPS
from serlab.servable.resnet50 import RESNET50
from serlab.servable.signatures import ECHO_MODEL

_BOTH = ("grpc", "rest")
_VECTORS = tuple(classifier.model for classifier in MLPS.values())

EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment("sizes", ("size-raw", "size-json", "size-proto"), sizes.measure),
    Experiment("copies", ("zero-copy",), copies.measure),
    Experiment("tolist", ("tolist-time", "tolist-memory"), tolist.measure),
    Experiment("parsing", ("parse-speed",), sizes.measure_parsing),
    Experiment("clients", ("client-imports",), clients.measure),
    Experiment("protos", ("proto-compat",), diagnosis.measure_protos, (ECHO_MODEL,), ("grpc",)),
    Experiment("preface", ("http2-blocked",), diagnosis.measure_preface, (), ("grpc",)),
    Experiment("message-limit", ("message-limit",), sharing.measure_limit, (ECHO_MODEL,), ("grpc",)),
    Experiment("extremes", ("json-precision",), extremes.measure, (ECHO_MODEL,), _BOTH),
    Experiment("sharing", ("multiplexing", "streaming"), sharing.measure, (ECHO_MODEL,), _BOTH),
    Experiment("gateway", ("dual-protocol",), gateway.measure, (ECHO_MODEL,), _BOTH),
    Experiment("upload", ("memory-chunk",), copies.measure_upload_peak, (RESNET50.model,), ("rest",)),
    Experiment("vectors", ("latency-1k", "latency-10k"), latency.measure_vectors, _VECTORS, _BOTH),
    Experiment("resnet", ("resnet-p50", "resnet-p99", "resnet-cpu"), latency.measure_resnet, (RESNET50.model,), _BOTH),
    Experiment("batching", ("batching",), batching.measure, (BATCHED_MODEL,), ("grpc",)),
    Experiment("saturation", ("resnet-qps", "resnet-bandwidth"), saturation.measure, (RESNET50.model,), _BOTH),
)
