"""The correctness gate: no case is timed before its round trip has been checked."""

from __future__ import annotations

import math

from serlab.analysis.exactness import Verdict, all_failed, compare_all
from serlab.errors import CodecError, UnknownNameError
from serlab.measure.calls import Subject
from serlab.measure.honesty import check_decode, check_encode
from serlab.payload import parse_payload
from serlab.records.run import Exactness, Gate


def check(subject: Subject, codec_name: str) -> Gate:
    """Send a payload through encode, the codec's own server half, and decode, once per form, with no server.

    A codec that leaves work outside its timed calls (``measure.honesty``) fails, however exact it is. An echo brings
    back what was sent. For a model of someone's own both ways are checked apart: its inputs through encode, and outputs
    like its own through decode. The exactness is that of the worst; a codec that cannot carry the payload has a failure
    in place of counts.
    """
    sizes: dict[str, int] = {}
    worst: Exactness | None = None
    request = b""
    try:
        exchange = subject.exchange(codec_name)
    except UnknownNameError as error:
        # Counted on the tensors themselves: there is no call that takes them.
        tensors = parse_payload(subject.payload, seed=subject.seed).build()
        return Gate(subject.payload, codec_name, all_failed(tensors, str(error)), 0, {})
    codec, call = exchange.codec, exchange.call
    try:
        request = check_encode(codec, exchange.tensors, call)
        received = codec.read_request(request, call)
        if subject.call is None:
            expected, answered = exchange.tensors, dict(zip(call.outputs, received.values(), strict=True))
        else:
            worst = compare_all(exchange.tensors, received)
            expected = answered = exchange.made_outputs()
        for form in codec.forms:
            response = codec.write_response(answered, call, form)
            sizes[form or "body"] = len(response)
            found = compare_all(expected, check_decode(codec, response, call, exchange.tensors))
            if worst is None or _exact_elements(found) < _exact_elements(worst):
                worst = found
        if exchange.answer is not None:
            recorded = exchange.response()
            check_decode(codec, recorded, call, exchange.tensors)
            sizes = {"body": len(recorded)}
    except CodecError as error:
        worst = all_failed(exchange.tensors, str(error))
    except Exception as error:  # noqa: BLE001  # another's codec may raise anything: its failure, not the run's
        worst = all_failed(exchange.tensors, f"{type(error).__name__}: {error}")
    assert worst is not None
    return Gate(subject.payload, codec_name, worst, len(request), sizes)


def cannot_carry(gate: Gate) -> str:
    """Return the words for a payload that a codec does not carry."""
    return f"{gate.codec} cannot carry {gate.payload}: {gate.exactness.failure}"


def crashed(payload_spec: str, codec_name: str, seed: int, words: str) -> Gate:
    """Return the gate of a round trip whose process ended before it did: a failure of that case, not of the run."""
    tensors = parse_payload(payload_spec, seed=seed).tensors
    elements = sum(math.prod(tensor.shape) for tensor in tensors)
    return Gate(
        payload_spec,
        codec_name,
        Exactness(elements, {Verdict.REJECTED.word: elements}, failure=" ".join(words.split())),
        0,
        {},
    )


def _exact_elements(found: Exactness) -> float:
    return -1.0 if found.failure else found.counts.get("exact", 0) / max(found.elements, 1)
