"""The correctness gate: no case is timed before its round trip has been checked.

The clock stands around ``encode(tensors, call)`` and ``decode(body, call)`` alone. A body that was made before, a
result that is kept or made later, a copy that was skipped: all that would be outside, and is refused here before
anything is timed.
"""

from __future__ import annotations

import math

import numpy as np

from serlab.analysis.exactness import Verdict, all_failed, compare_all
from serlab.codecs.base import Body, Call, Codec, Tensor, Tensors
from serlab.errors import CodecError, UnknownNameError
from serlab.measure.calls import Subject
from serlab.payload import parse_payload
from serlab.records.run import Exactness, Gate


def check(subject: Subject, codec_name: str) -> Gate:
    """Send a payload through encode, the codec's own server half, and decode, once per form, with no server.

    A codec that leaves work outside its timed calls fails, however exact it is. An echo brings
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


def check_encode(codec: Codec, tensors: Tensors, call: Call) -> Body:
    """Return the request body, once it is sure that the call made it, of these tensors, and left them alone.

    Raises:
        CodecError: the body is no ``bytes``; it does not follow a tensor that changes in place; a tensor was changed.
    """
    before = {name: tensor.copy() for name, tensor in tensors.items()}
    body = codec.encode(tensors, call)
    if not isinstance(body, bytes):
        raise CodecError(
            f"{codec.name} returns {type(body).__name__}, no bytes: what it leaves undone is not in its time"
        )
    for name, tensor in tensors.items():
        if not _same(tensor, before[name]):
            raise CodecError(f"{codec.name} changes tensor {name!r} while it encodes")
    # The same objects with other values in them: a body that is kept by identity does not follow.
    reused = {name: tensor.copy() for name, tensor in before.items()}
    codec.encode(reused, call)
    for name, tensor in reused.items():
        tensor[...] = _changed(before[name])
    differs = any(not _same(tensor, before[name]) for name, tensor in reused.items())
    if differs and codec.encode(reused, call) == body:
        raise CodecError(f"{codec.name} returns a body that it made before: other tensors get the same bytes")
    return codec.encode(tensors, call)


def check_decode(codec: Codec, body: Body, call: Call, sent: Tensors) -> dict[str, Tensor]:
    """Return the tensors of a response, once it is sure that the call made them, whole, of this body.

    Raises:
        CodecError: a result is no plain array of the output's dtype; it is kept from call to call; it is the tensor
            that was sent.
    """
    found, again = codec.decode(body, call), codec.decode(body, call)
    if not isinstance(found, dict) or list(found) != list(call.outputs):
        raise CodecError(f"{codec.name} returns {_names(found)}, the call names {list(call.outputs)}")
    for name, tensor in found.items():
        wanted = call.outputs[name].numpy_dtype
        if type(tensor) is not np.ndarray:
            raise CodecError(
                f"{codec.name} returns {type(tensor).__name__} for {name!r}, no array: what it does later is not timed"
            )
        if tensor.dtype.newbyteorder("=") != wanted:
            raise CodecError(f"{codec.name} returns {tensor.dtype} for {name!r}, the output is {wanted}")
        if tensor is again[name]:
            raise CodecError(f"{codec.name} keeps the result of {name!r} from call to call: only the first is decoding")
        if any(np.shares_memory(tensor, own) for own in sent.values() if not own.dtype.hasobject):
            raise CodecError(f"{codec.name} returns the tensor that was sent for {name!r}: nothing was decoded")
    return found


def _names(found: object) -> str:
    return str(list(found)) if isinstance(found, dict) else type(found).__name__


def _same(one: Tensor, other: Tensor) -> bool:
    if one.dtype.hasobject:
        return bool(np.array_equal(one, other))
    return one.tobytes() == other.tobytes()


def _changed(tensor: Tensor) -> Tensor:
    """Return a tensor of the same dtype and shape with other values, of which none is unusual for the codec."""
    if tensor.dtype.hasobject:
        changed = tensor.copy()
        changed.reshape(-1)[:1] = b"another"
        return changed
    if tensor.dtype == np.bool_:
        return ~tensor
    return np.flip(tensor.reshape(-1)).reshape(tensor.shape).copy() if tensor.size > 1 else np.zeros_like(tensor)
