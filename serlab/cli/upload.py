"""``serlab upload``: what encoding and sending a request holds in the client's memory."""

from __future__ import annotations

from serlab.cli.options.common import CodecOption, Kept, PayloadOption, exit_if, payload_specs, split
from serlab.cli.options.groups import with_groups
from serlab.cli.options.serving import Serving


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
    from serlab.lab.deployment import upload_memory

    exit_if(upload_memory(serving, keep, payload_specs(payload), split(codec)).failures)
