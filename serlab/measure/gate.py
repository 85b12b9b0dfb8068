"""The correctness gate: no case is timed before its round trip has been checked."""

from __future__ import annotations

import math

from serlab.analysis.exactness import Verdict, compare, failed
from serlab.codecs import registry
from serlab.errors import CodecError, UnknownNameError
from serlab.measure.calls import echo_call
from serlab.payload import parse_payload
from serlab.records.run import Exactness, Gate


def check(payload_spec: str, codec_name: str, seed: int) -> Gate:
    """Send a payload through encode, the codec's own server half, and decode, once per form, with no server.

    The exactness is that of the worst form; a codec that cannot carry the payload has a failure in place of counts.
    """
    payload, codec = parse_payload(payload_spec, seed=seed), registry.get(codec_name)
    tensor = payload.build()
    sizes: dict[str, int] = {}
    worst: Exactness | None = None
    request = b""
    try:
        call = echo_call(codec, payload)
        request = codec.encode(tensor, call)
        received = codec.read_request(request, call)
        for form in codec.forms:
            response = codec.write_response(received, call, form)
            sizes[form or "body"] = len(response)
            found = compare(tensor, codec.decode(response, call))
            if worst is None or _exact_elements(found) < _exact_elements(worst):
                worst = found
    except (CodecError, UnknownNameError) as error:
        worst = failed(tensor, str(error))
    assert worst is not None
    return Gate(payload_spec, codec_name, worst, len(request), sizes)


def crashed(payload_spec: str, codec_name: str, seed: int, words: str) -> Gate:
    """Return the gate of a round trip whose process ended before it did: a failure of that case, not of the run."""
    elements = math.prod(parse_payload(payload_spec, seed=seed).shape)
    return Gate(
        payload_spec,
        codec_name,
        Exactness(elements, {Verdict.REJECTED.word: elements}, failure=" ".join(words.split())),
        0,
        {},
    )


def _exact_elements(found: Exactness) -> int:
    return -1 if found.failure else found.counts.get("exact", 0)
