"""``serlab upload``: what encoding and sending a request holds in the client's memory."""

from __future__ import annotations

import typer

from serlab.cli.options.common import CodecOption, Kept, PayloadOption, payload_specs, split
from serlab.cli.options.groups import with_groups
from serlab.cli.options.serving import Serving

DEFAULT_PAYLOADS = ("image", "batch-16")
EXIT_FOUND = 1


@with_groups
def upload(
    serving: Serving,
    keep: Kept,
    payload: PayloadOption = None,
    codec: CodecOption = None,
) -> None:
    """Measure the client's memory while it uploads: whole bodies against a body that is made while it is sent.

    Example: serlab upload --payload 100x224x224x3:float32 --codec orjson,json-chunked --timeout 60
    """
    from dataclasses import replace

    from serlab.lab.experiment import open_experiment
    from serlab.measure.deployment.upload import DEFAULT_CODECS, measure_upload
    from serlab.measure.process.workers import Workers
    from serlab.report.tables.console import print_json, wide_console
    from serlab.report.tables.deployment import print_upload

    payloads = payload_specs(payload) or (() if serving.model else DEFAULT_PAYLOADS)
    with (
        open_experiment("upload", serving, payloads, split(codec) or DEFAULT_CODECS, keep) as lab,
        Workers(lab.live.codecs) as workers,
    ):
        report = measure_upload(
            workers,
            lab.live.target,
            lab.folder,
            payloads=lab.live.payloads,
            codecs=lab.live.codecs,
            seed=keep.seed,
            listener=lab.show,
        )
        report = replace(report, instance=lab.live.instance)
        lab.folder.write_part("upload", report)
    if keep.as_json:
        print_json(report)
    else:
        print_upload(report, lab.folder.read_info(), wide_console())
    if report.failures:
        raise typer.Exit(EXIT_FOUND)
