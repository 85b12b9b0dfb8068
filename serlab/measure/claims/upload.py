"""What uploading a batch as JSON adds to the client's memory: as one body, and made while it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from serlab.codecs import registry
from serlab.codecs.base import Call, ChunkedCodec, Codec, Tensor
from serlab.errors import MeasureError
from serlab.measure.claims.lab import Lab, classifier_call, series
from serlab.measure.memory import read_capture
from serlab.measure.model_call import ModelCall
from serlab.payload import parse_payload
from serlab.record import Case, Endpoint
from serlab.record_claims import Evidence
from serlab.servable.resnet50 import RESNET50
from serlab.store import file_stem
from serlab.transports.base import TransportOptions
from serlab.transports.rest import RestTransport

SMALL, LARGE = "4x224x224x3:float32", "batch-16"
#: The same text, made at once and made in pieces; and what the article's client does.
CHUNKED, WHOLE, TOLIST = ("json-chunked", "chunked"), ("orjson", "whole body"), ("json", "whole body, .tolist() + json")


def measure(lab: Lab) -> Evidence:
    """Upload batches of two sizes to ResNet-50 and profile the client from the first byte made to the last one sent."""
    wanted = [(CHUNKED, SMALL), (CHUNKED, LARGE), (WHOLE, SMALL), (WHOLE, LARGE)]
    if lab.effort.large:
        wanted.append((TOLIST, SMALL))
    listed = []
    target = lab.on_target(None)
    for (codec, setting), payload in wanted:
        capture = lab.folder.memory_folder / f"{file_stem(f'upload/{payload}/{codec}')}.bin"
        peak = lab.workers.run(
            "serlab.measure.claims.upload:run_worker",
            {
                "codec_name": codec,
                "payload_spec": payload,
                "seed": lab.seed,
                "endpoint": asdict(target.endpoint),
                "options": asdict(target.options),
                "call": asdict(classifier_call(RESNET50, codec)),
                "capture": str(capture),
            },
        )
        listed.append(series("peak", "bytes", {0: peak}, payload=payload, setting=setting))
    return Evidence("upload", tuple(listed))


def run_worker(
    codec_name: str,
    payload_spec: str,
    seed: int,
    endpoint: dict[str, Any],
    options: dict[str, Any],
    call: dict[str, Any],
    capture: str,
) -> int:
    """Be one fresh client that uploads a batch under memray; return the bytes its upload added at the peak.

    Raises:
        MeasureError: the server did not answer with a row per image.
    """
    codec, named = registry.get(codec_name), msgspec.convert(call, ModelCall).as_call()
    payload = parse_payload(payload_spec, seed=seed)
    tensor = payload.build()
    path = Path(capture)
    path.unlink(missing_ok=True)
    with RestTransport(Endpoint(**endpoint), named, TransportOptions(**options)) as transport:
        # The first call connects and imports; what that takes is not the upload's.
        transport.send_chunks(_pieces(codec, tensor[:1], named))
        answer = transport.send_chunks(_tracked(_pieces(codec, tensor, named), path))
    rows = codec.decode(answer, named)
    if len(rows) != len(tensor):
        raise MeasureError(f"{len(tensor)} images were sent, and {len(rows)} rows came back")
    return read_capture(Case(payload_spec, codec_name, "encode"), payload.raw_bytes, path).peak_bytes


def _pieces(codec: Codec, tensor: Tensor, call: Call) -> Iterator[bytes]:
    """Yield the body as the codec makes it: in pieces, or all at once."""
    if isinstance(codec, ChunkedCodec):
        yield from codec.encode_chunks(tensor, call)
    else:
        yield codec.encode(tensor, call)


def _tracked(pieces: Iterator[bytes], capture: Path) -> Iterator[bytes]:
    """Pass the pieces on under memray, which ends with the last one: the answer's memory is not the upload's."""
    import memray

    with memray.Tracker(capture, trace_python_allocators=True):
        yield from pieces
