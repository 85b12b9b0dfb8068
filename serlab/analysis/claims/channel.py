"""Claims about the channel itself: streams, head-of-line blocking, the limit on messages."""

from __future__ import annotations

from serlab.analysis.claims.rules import reproduced_if
from serlab.analysis.claims.samples import estimate, find, ratio
from serlab.record_claims import NOT_TESTABLE, Evidence, Judgement, Quantity

#: grpc's default limit on a message that a client receives.
DEFAULT_LIMIT_BYTES = 4 * 2**20
#: N calls on a connection that blocks take N times as long as one; half of that is beyond what sharing cores explains.
BLOCKED_SHARE = 0.5

GRPC_ONE, REST_ONE, REST_POOL = "gRPC, one connection", "REST, one connection", "REST, a connection per call"


def multiplexing(evidence: Evidence) -> Judgement:
    """Behind long calls on one connection, a short call waits over HTTP/1.1 and does not over HTTP/2."""
    waits = {
        setting: ratio(find(evidence, "short call behind", setting=setting), find(evidence, "long call"))
        for setting in (GRPC_ONE, REST_ONE, REST_POOL)
    }
    totals = {
        setting: ratio(find(evidence, "total", setting=setting), find(evidence, "slowest", setting=setting))
        for setting in waits
    }
    quantities = [
        *(
            Quantity(f"wait of a short call ÷ a long call: {name}", value, "ratio")
            for name, value in waits.items()
            if value
        ),
        *(
            Quantity(f"all calls ÷ slowest single call: {name}", value, "ratio")
            for name, value in totals.items()
            if value
        ),
    ]
    http, streams = waits[REST_ONE], waits[GRPC_ONE]
    if http is None or streams is None:
        return Judgement(NOT_TESTABLE, tuple(quantities), "calls failed", "a server that answers both APIs")
    return Judgement(
        reproduced_if(http.low >= BLOCKED_SHARE and streams.high < http.low),
        tuple(quantities),
        "HTTP/1.1 sends the next request after the answer; a pool of connections does for REST what streams do for "
        "gRPC",
    )


def streaming(evidence: Evidence) -> Judgement:
    """Predict is unary: streams cannot be tried; frames pipelined as unary calls can."""
    methods = int(evidence.facts.get("methods", 0))
    streams = int(evidence.facts.get("streaming methods", 0))
    gain = ratio(
        find(evidence, "frames per second", setting="pipelined"),
        find(evidence, "frames per second", setting="one by one"),
    )
    quantities = (Quantity("frames pipelined as unary calls ÷ one by one", gain, "ratio"),) if gain else ()
    return Judgement(
        NOT_TESTABLE,
        quantities,
        f"{streams} of the {methods} methods of PredictionService stream; unary calls in flight on one connection were "
        "measured in their place",
        "a server with a streaming Predict, which TensorFlow Serving is not",
    )


def message_limit(evidence: Evidence) -> Judgement:
    """A response above 4 MiB fails with default options, and arrives with the option."""
    size = estimate(find(evidence, "response bytes"))
    default, raised = evidence.facts.get("default options"), evidence.facts.get("with the option")
    quantities = (Quantity("response", size, "bytes"),) if size else ()
    large_enough = size is not None and size.median > DEFAULT_LIMIT_BYTES
    return Judgement(
        reproduced_if(large_enough and default == "RESOURCE_EXHAUSTED" and raised == "ok"),
        quantities,
        f"default channel options: {default}; grpc.max_receive_message_length raised: {raised}",
    )
