"""Claims about the channel itself: streams, head-of-line blocking, the message limit, and what serlab doctor tells."""

from __future__ import annotations

from serlab.analysis.claims.arithmetic import reproduced_if
from serlab.analysis.claims.samples import estimate, find, ratio
from serlab.records import evidence as said
from serlab.records.claims import NOT_TESTABLE, Evidence, Judgement, Quantity

#: grpc's default limit on a message that a client receives.
DEFAULT_LIMIT_BYTES = 4 * 2**20
#: Calls that take turns take this many times as long together as calls that do not, at the very least.
TURNS = 2.0

ONE_BY_ONE = said.in_flight(1)


def multiplexing(evidence: Evidence) -> Judgement:
    """Calls asked for at once take turns on one HTTP/1.1 connection, and overlap on one HTTP/2 connection."""
    overlaps = {
        setting: estimate(find(evidence, said.OVERLAP, setting=setting))
        for setting in (said.REST_ONE, said.GRPC_ONE, said.REST_POOL, said.GRPC_POOL)
    }
    quantities = [
        Quantity(f"all calls ÷ slowest single call: {setting}", value, "ratio")
        for setting, value in overlaps.items()
        if value
    ]
    for one, pool in ((said.REST_ONE, said.REST_POOL), (said.GRPC_ONE, said.GRPC_POOL)):
        held_back = ratio(
            find(evidence, said.SMALL_BEHIND_LARGE, setting=one), find(evidence, said.SMALL_BEHIND_LARGE, setting=pool)
        )
        if held_back:
            quantities.append(Quantity(f"small calls behind a large one: {one} ÷ one per call", held_back, "ratio"))
    http, streams = overlaps[said.REST_ONE], overlaps[said.GRPC_ONE]
    if http is None or streams is None:
        return Judgement(NOT_TESTABLE, tuple(quantities), "calls failed", "a server that answers both APIs")
    return Judgement(
        reproduced_if(http.low >= TURNS * streams.high),
        tuple(quantities),
        f"{evidence.facts.get(said.CALLS_AT_ONCE, 'all')} calls at once on one connection: HTTP/1.1 sends the next "
        "request after the answer, HTTP/2 all of them; a pool of connections does for REST what streams do for gRPC",
    )


def streaming(evidence: Evidence) -> Judgement:
    """Predict is unary: streams cannot be tried; frames pipelined as unary calls can."""
    methods, streams = evidence.facts.get(said.METHODS, 0), evidence.facts.get(said.STREAMING_METHODS, 0)
    base = find(evidence, said.FRAMES, setting=ONE_BY_ONE)
    quantities = tuple(
        Quantity(f"frames per second over one connection: {series.setting} ÷ one by one", gain, "ratio")
        for series in reversed(evidence.series)
        if series.quantity == said.FRAMES and series.setting != ONE_BY_ONE and (gain := ratio(series, base))
    )
    return Judgement(
        NOT_TESTABLE,
        quantities,
        f"{streams} of the {methods} methods of PredictionService stream; unary calls in flight on one connection were "
        "measured in their place",
        "a server with a streaming Predict, which TensorFlow Serving is not",
    )


def message_limit(evidence: Evidence) -> Judgement:
    """A response above 4 MiB fails with default options, and arrives with the option."""
    size = estimate(find(evidence, said.RESPONSE_BYTES))
    default, raised = evidence.facts.get(said.DEFAULT_OPTIONS), evidence.facts.get(said.WITH_OPTION)
    quantities = (Quantity("response", size, "bytes"),) if size else ()
    large_enough = size is not None and size.median > DEFAULT_LIMIT_BYTES
    return Judgement(
        reproduced_if(large_enough and default == "RESOURCE_EXHAUSTED" and raised == "ok"),
        quantities,
        f"default channel options: {default}; grpc.max_receive_message_length raised: {raised}",
    )


def detected(evidence: Evidence) -> Judgement:
    """Every case is called what it is, and a working server is called one."""
    facts = evidence.facts
    told = {name.removeprefix(said.SAID): str(fact) for name, fact in facts.items() if name.startswith(said.SAID)}
    right = bool(told) and all(fact == str(facts.get(said.EXPECTED + case, "")) for case, fact in told.items())
    return Judgement(reproduced_if(right), (), "; ".join(f"{case}: {fact}" for case, fact in told.items()))
