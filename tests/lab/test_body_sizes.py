"""Sizes that are told without making the bodies are those of the bodies, nearly."""

from __future__ import annotations

import pytest

from serlab.codecs import registry
from serlab.lab.body_sizes import body_sizes, elements_of
from serlab.measure.calls import echo_call
from serlab.measure.send_less import Way as Sending
from serlab.payload import parse_payload


@pytest.mark.parametrize("codec", ["json", "orjson", "base64", "wire"])
@pytest.mark.parametrize("spec", ["1x64x64x3:float32", "8x512:int64", "2x5000:uint8", "1x3:float32"])
def test_sizes_are_near_those_of_the_bodies(codec: str, spec: str) -> None:
    one, payload = registry.get(codec), parse_payload(spec)
    call = echo_call(one, payload)
    sending = Sending(spec, payload.seed, "as-is", codec, call, call)
    tensors = payload.build(call.inputs)
    request, response = body_sizes(sending, tensors)
    made = one.encode(tensors, call)
    assert request == pytest.approx(len(made), rel=0.1, abs=200)
    answer = one.write_response(dict(zip(call.outputs, tensors.values(), strict=True)), call)
    assert response == pytest.approx(len(answer), rel=0.1, abs=200)


def test_strings_count_as_their_bytes() -> None:
    tensors = parse_payload("4:string").build(("x",))
    assert elements_of(tensors) == ("uint8", sum(map(len, tensors["x"].tolist())))
