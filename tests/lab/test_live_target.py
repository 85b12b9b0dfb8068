from __future__ import annotations

from serlab.lab.live_target import Live
from serlab.measure.target import Target
from serlab.records.run import Endpoint
from serlab.transports.base import TransportOptions


def test_a_codec_that_was_asked_for_and_is_refused_is_left_out_with_the_reason() -> None:
    target = Target(Endpoint("remote", "", "", "127.0.0.1:1"), TransportOptions())
    refused = target.refusals(("wire", "orjson", "tensor-proto"))
    live = Live(target, ("image",), ("orjson",), {}, refused)
    assert live.left_out(("wire", "orjson")) == ("codec wire is left out: the instance offers REST only",)
    assert live.left_out(()) == (), "nobody asked for any by name"
