"""Answers of the model itself, recorded once per codec: what decode is measured on, and whether all codecs agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from serlab.analysis.exactness import compare_all
from serlab.codecs.base import Tensor
from serlab.errors import CodecError, MeasureError, TransportError
from serlab.measure.calls import Exchange, Subject
from serlab.measure.process.parents import Clients
from serlab.measure.target import Target
from serlab.payload.files import load
from serlab.records.call import TensorSpec, bare
from serlab.records.endtoend import Answer
from serlab.records.run import Endpoint
from serlab.records.store import ANSWERS, RunFolder, file_stem
from serlab.transports.base import TransportOptions
from serlab.transports.registry import open_transport

#: Codecs that read an answer's shape from the answer, the exact ones first: the others must be told it.
_REFERENCES = ("wire", "tensor-proto", "tensor-proto-values", "orjson", "json", "json-orjson-list", "base64")


def record_answers(
    clients: Clients,
    folder: RunFolder,
    target: Target,
    payload: str,
    codecs: Sequence[str],
    seed: int,
    expect: str = "",
) -> tuple[tuple[Answer, ...], Target]:
    """Call the model once per codec, keep each response body, and compare what was read with the first codec's answer.

    ``expect`` names a file of tensors to compare with instead. Sizes that the model leaves open are taken from the
    first answer: the target that comes back knows them. Answers that a run has already are not asked for again.
    """
    assert target.call is not None
    known = {(answer.payload, answer.codec): answer for answer in folder.read_answers()}
    ordered = sorted(codecs, key=lambda name: _REFERENCES.index(name) if name in _REFERENCES else len(_REFERENCES))
    reference = next((name for name in ordered if (payload, name) in known and known[payload, name].file), "")
    for codec in ordered:
        if (payload, codec) in known and not known[payload, codec].failure:
            continue
        file = f"{ANSWERS}/{file_stem(f'{payload}/{codec}')}.bin"
        subject = Subject(payload, seed, target.call)
        kept = folder.path / known[payload, reference].file if reference else None
        path = folder.path / file
        path.parent.mkdir(exist_ok=True)
        try:
            answer = clients.of(codec).call(
                record_answer, target.endpoint, target.options, subject, codec, path, reference, kept, expect
            )
        except MeasureError as error:
            answer = Answer(payload, codec, failure=str(error))
        known[payload, codec] = answer = replace(answer, file="" if answer.failure else file)
        folder.write_part(ANSWERS, tuple(known.values()))
        if not answer.failure and not reference:
            reference = codec
            seen = {name: spec.shape for name, spec in answer.outputs.items()}
            target = replace(target, call=target.call.seen_as(seen))
    return tuple(known[payload, codec] for codec in codecs), target


def record_answer(
    endpoint: Endpoint,
    options: TransportOptions,
    subject: Subject,
    codec_name: str,
    path: Path,
    reference: str,
    reference_path: Path | None,
    expect: str,
) -> Answer:
    """Be a fresh client that calls once, writes the response body to ``path`` and says what was in it."""
    exchange = subject.exchange(codec_name)
    codec, call = exchange.codec, exchange.call
    blank = Answer(subject.payload, codec_name)
    try:
        with open_transport(codec.transport, endpoint, call, options) as transport:
            body = transport.send(codec.encode(exchange.tensors, call))
        found = _read(exchange, body)
    except (TransportError, CodecError) as error:
        return replace(blank, failure=str(error))
    path.write_bytes(body)
    told = replace(blank, outputs={name: TensorSpec.of(tensor) for name, tensor in found.items()}, bytes=len(body))
    if expect:
        wanted = load(Path(expect.removeprefix("@")))
        return replace(told, compared_with=expect, exactness=compare_all(_same_names(wanted, found), found))
    if reference_path is not None:
        other = _read(subject.exchange(reference), reference_path.read_bytes())
        return replace(told, compared_with=reference, exactness=compare_all(other, found))
    return told


def _read(exchange: Exchange, body: bytes) -> dict[str, Tensor]:
    """Return an answer's tensors, called alike whichever of the model's signatures gave them."""
    found = exchange.codec.decode(body, exchange.call)
    return {bare(name) if exchange.packed else name: tensor for name, tensor in found.items()}


def _same_names(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what was expected of the outputs that were read. Raises ``MeasureError`` for one that is missing."""
    if set(wanted) == {""} and len(found) == 1:
        return dict.fromkeys(found, wanted[""])
    missing = [name for name in found if name not in wanted]
    if missing:
        raise MeasureError(f"--expect has no tensor {missing[0]!r}: it holds {', '.join(wanted)}")
    return {name: np.asarray(wanted[name]) for name in found}
