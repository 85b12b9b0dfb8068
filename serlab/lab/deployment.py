"""What ``serlab gateway``, ``multiplex`` and ``upload`` do between their options and their exit codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from serlab.analysis.deployment import gateway_costs, summarize_sharing
from serlab.codecs import registry
from serlab.lab.experiment import open_experiment
from serlab.lab.keeping import Keeping
from serlab.measure.deployment.gateway import measure_gateway
from serlab.measure.deployment.multiplexing import measure_multiplexing
from serlab.measure.deployment.upload import DEFAULT_CODECS, measure_upload
from serlab.measure.process.parents import Parents
from serlab.records.deployment import MultiplexingReport, UploadReport
from serlab.records.load import StepLimits
from serlab.report.tables.console import print_json, wide_console
from serlab.report.tables.deployment import print_gateway, print_multiplexing, print_upload
from serlab.serving.base import ServingOptions
from serlab.serving.gateway import find_nginx, gateway_config, start_gateway
from serlab.serving.remote import remote_endpoint

GATEWAY_PAYLOADS = ("vector-1k", "image")
GATEWAY_CODECS = ("orjson", "base64-simd", "wire")
UPLOAD_PAYLOADS = ("image", "batch-16")
#: Where the printed config listens: next to TensorFlow Serving's own 8500 and 8501.
GRPC_LISTEN, REST_LISTEN = "127.0.0.1:9500", "127.0.0.1:9501"


def nginx_config(serving: ServingOptions) -> str:
    """Return an nginx.conf for the running server that ``serving`` names. Raises ``UsageError`` where it names none."""
    server = remote_endpoint(replace(serving, model=serving.model or "any"))
    return gateway_config(server, grpc_listen=GRPC_LISTEN, rest_listen=REST_LISTEN, folder=Path("/var/lib/nginx"))


def through_gateway(
    serving: ServingOptions, keep: Keeping, payloads: Sequence[str], codecs: Sequence[str], rounds: int, calls_s: float
) -> bool:
    """Measure calls direct and through nginx, print what it adds; return whether calls failed or codecs lack.

    Raises:
        ServingError, ServableError, UsageError: there is no nginx, or the instance cannot be started or reached.
    """
    find_nginx()
    payloads = payloads or (() if serving.model else GATEWAY_PAYLOADS)
    asked = codecs
    codecs = codecs or registry.usable(GATEWAY_CODECS)
    with (
        open_experiment("gateway", serving, payloads, codecs, keep, asked) as lab,
        start_gateway(lab.live.target.endpoint) as through,
        Parents(lab.live.codecs, seed=keep.seed, number=0, client=keep.client) as clients,
    ):
        report = measure_gateway(
            clients,
            lab.live.target,
            through,
            payloads=lab.live.payloads,
            codecs=lab.live.codecs,
            rounds=rounds,
            calls_s=calls_s,
            seed=keep.seed,
            listener=lab.show,
            keep=lab.keep,
        )
        calls = (*report.direct, *report.through)
        report = lab.whole(report, [f"calls/{run.payload}/{run.codec}: {run.error}" for run in calls if run.error])
    costs = gateway_costs(report)
    if keep.as_json:
        print_json({"costs": costs, "report": report})
    else:
        print_gateway(report, lab.folder.read_info(), wide_console())
    return bool(lab.left_out) or any(cost.errors for cost in costs)


def share_connections(
    serving: ServingOptions,
    keep: Keeping,
    payload: str,
    large_payload: str,
    codecs: Sequence[str],
    *,
    calls: int,
    rounds: int,
) -> MultiplexingReport:
    """Measure calls that share a connection, print what they cost each other, and return the report.

    ``large_payload`` is that of the call which small ones wait behind; "" for none.

    Raises:
        ServingError, ServableError, UsageError: the instance cannot be started or reached.
    """
    payloads = tuple(filter(None, (payload, large_payload)))
    with (
        open_experiment("multiplexing", serving, payloads, codecs, keep) as lab,
        Parents(lab.live.codecs, seed=keep.seed, number=0, client=keep.client) as clients,
    ):
        report = measure_multiplexing(
            clients,
            lab.live.target,
            payload=payload,
            large_payload=large_payload,
            codecs=lab.live.codecs,
            calls=calls,
            rounds=rounds,
            seed=keep.seed,
            frames=StepLimits(),
            listener=lab.show,
            keep=lab.keep,
        )
        report = lab.whole(report, report.errors)
    if keep.as_json:
        print_json({"summaries": summarize_sharing(report), "report": report})
    else:
        print_multiplexing(report, lab.folder.read_info(), wide_console())
    return report


def upload_memory(
    serving: ServingOptions, keep: Keeping, payloads: Sequence[str], codecs: Sequence[str]
) -> UploadReport:
    """Measure the client's memory while it uploads, print it, and return the report.

    Raises:
        ServingError, ServableError, UsageError: the instance cannot be started or reached.
    """
    payloads = payloads or (() if serving.model else UPLOAD_PAYLOADS)
    with (
        open_experiment("upload", serving, payloads, codecs or DEFAULT_CODECS, keep, codecs) as lab,
        Parents(lab.live.codecs, seed=keep.seed, number=0, client=keep.client) as clients,
    ):
        report = measure_upload(
            clients,
            lab.live.target,
            lab.folder,
            payloads=lab.live.payloads,
            codecs=lab.live.codecs,
            seed=keep.seed,
            listener=lab.show,
            keep=lab.keep,
        )
        refused = {codec: lab.live.refused[codec] for codec in codecs if codec in lab.live.refused}
        failed = [f"{what}: {why}" for what, why in report.failures.items()]
        report = lab.whole(replace(report, failures={**report.failures, **refused}), failed)
    if keep.as_json:
        print_json(report)
    else:
        print_upload(report, lab.folder.read_info(), wide_console())
    return report
