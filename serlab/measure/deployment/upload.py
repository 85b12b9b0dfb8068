"""The client's memory while it uploads: whole bodies against bodies that are made while they are sent.

memray watches encoding and sending to a live server until the answer begins to be read, which costs every codec alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from serlab.codecs.base import Call, ChunkedCodec, Codec, GzipBody, Tensors
from serlab.errors import MeasureError
from serlab.measure.calls import Subject
from serlab.measure.memory.capture import read_capture
from serlab.measure.process.listener import Listener, Silent
from serlab.measure.process.parents import Clients
from serlab.measure.target import Target
from serlab.payload import parse_payload
from serlab.records.deployment import UploadProfile, UploadReport
from serlab.records.run import Case, Endpoint
from serlab.records.secret import Secret
from serlab.records.series import joined
from serlab.records.store import RunFolder, file_stem
from serlab.transports.base import TransportOptions
from serlab.transports.rest import RestTransport

DEFAULT_CODECS = ("json", "orjson", "json-chunked", "orjson-gzip")


def measure_upload(
    clients: Clients,
    target: Target,
    folder: RunFolder,
    *,
    payloads: Sequence[str],
    codecs: Sequence[str] = DEFAULT_CODECS,
    seed: int,
    listener: Listener | None = None,
    keep: Callable[[UploadReport], object] = lambda _piece: None,
) -> UploadReport:
    """Upload every payload through every codec once, each in a fresh process; captures go into the run's folder.

    An upload that fails is in ``failures``; the others are made all the same. ``keep`` gets each, as a report of it
    alone.
    """
    say = listener or Silent()
    say.phase("uploads", len(payloads) * len(codecs))
    pieces = [UploadReport()]

    def take(capture: Path, found: UploadProfile) -> None:
        profile = replace(found.profile, capture=f"memory/{capture.name}")
        pieces.append(UploadReport((replace(found, profile=profile),)))
        keep(pieces[-1])

    for payload in payloads:
        for codec in codecs:
            say.step(f"{payload} {codec}")
            capture = folder.memory_folder / f"upload-{file_stem(f'{payload}/{codec}')}.bin"
            try:
                clients.of(codec).keeping(
                    partial(take, capture),
                    upload,
                    target.endpoint,
                    target.options,
                    target.call,
                    payload,
                    codec,
                    seed,
                    capture,
                )
            except MeasureError as error:
                pieces.append(UploadReport((), {f"{payload}/{codec}": str(error)}))
                keep(pieces[-1])
                say.remark(f"{payload} {codec}: {error}")
    return joined(pieces)


def upload(
    endpoint: Endpoint, options: TransportOptions, call: Call | None, payload: str, codec_name: str, seed: int,
    capture: Path,
) -> UploadProfile:  # fmt: skip
    """Be one fresh client process that uploads once, and return what it held; memray's capture goes to ``capture``.

    Raises:
        MeasureError: the codec is not one for REST, or memray cannot write the capture.
        TransportError, CodecError: the upload fails.
    """
    exchange = Subject(payload, seed, call).exchange(codec_name)
    codec, tensors, wanted = exchange.codec, exchange.tensors, exchange.call
    if codec.transport != "rest":
        raise MeasureError(f"{codec_name} is not sent over REST: uploads in pieces are HTTP's")
    first_row = codec.encode(
        {name: tensor[:1] for name, tensor in tensors.items()}, wanted
    )  # imports and caches, too, before memory is counted
    if isinstance(first_row, GzipBody):
        options = replace(options, headers={**options.headers, "Content-Encoding": Secret(first_row.content_encoding)})
    sizes = _upload(codec, tensors, wanted, RestTransport(endpoint, wanted, options), capture)
    profile = read_capture(Case(payload, codec_name, "encode"), parse_payload(payload, seed=seed).raw_bytes, capture)
    return UploadProfile(profile, sum(sizes), isinstance(codec, ChunkedCodec))


def _upload(codec: Codec, tensors: Tensors, call: Call, transport: RestTransport, capture: Path) -> list[int]:
    """Send the request and return the sizes of the pieces it was sent in."""
    import memray

    sizes: list[int] = []
    with transport, ExitStack() as tracking:

        def pieces() -> Iterator[bytes]:
            if isinstance(codec, ChunkedCodec):
                for piece in codec.encode_chunks(tensors, call):
                    sizes.append(len(piece))
                    yield piece
                    del piece
            else:
                body = codec.encode(tensors, call)
                sizes.append(len(body))
                yield body
            # Asked for more, the connection has sent everything: what comes now is the answer.
            tracking.close()

        capture.unlink(missing_ok=True)
        try:
            tracking.enter_context(memray.Tracker(capture, trace_python_allocators=True))
        except OSError as error:
            raise MeasureError(f"memray cannot write {capture}: {error}") from error
        transport.send_chunks(pieces())
    return sizes
