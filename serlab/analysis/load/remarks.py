"""What to know before believing the figures of load: who was the bottleneck, what errors mean, who else was there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from serlab.analysis.words import counted
from serlab.records.load import LoadStep

#: From this share of one core on, a generator process is taken to be the limit itself.
BUSY_CPU = 0.90
#: More late calls than this, and the intended rate was not the rate that was sent.
LATE_SHARE = 0.01
#: From this share of all cores on, what one process takes another one lacks.
FULL_MACHINE = 0.95
#: Cores that programs beside client and server may use without a word: controllers, the kernel's own threads.
BYSTANDERS = 0.2

#: What an error code most likely means, and what to do; codes that explain themselves have no entry.
_MEANINGS = {
    "RESOURCE_EXHAUSTED": "more calls in flight than the server has threads for: TensorFlow Serving takes "
    "--grpc_max_threads of them (4 per core unless told otherwise) and turns the others away at once. Raise that flag, "
    "or lower --concurrency",
    "UNAVAILABLE": "the server was not there, or closed the connection",
    "REFUSED": "nothing listened at the REST address",
    "DISCONNECTED": "the connection broke before an answer was complete",
    "TIMEOUT": "no complete answer within the time limit: raise --timeout if the server may take longer",
    "DEADLINE_EXCEEDED": "no complete answer within the time limit: raise --timeout if the server may take longer",
    "CODEC": "an answer came, and the codec could not read it",
    "503": "the server was overloaded, or the model not loaded",
    "504": "the server gave up: TensorFlow Serving's --rest_api_timeout_in_ms",
    "429": "the server turned calls away: too many at once",
}


def remarks(rounds: Sequence[LoadStep]) -> tuple[str, ...]:
    """Return the remarks on the rounds of one step, the gravest first."""
    found = [step.failure for step in rounds if step.failure]
    return tuple(dict.fromkeys([*found, *_bottleneck(rounds), *_errors(rounds), *_outages(rounds)]))


def crowding(steps: Sequence[LoadStep]) -> str:
    """Say who shared the machine's cores in steps that left none idle; "" where there was always one to spare."""
    full = [step for step in steps if step.machine_cpu and step.machine_cpu >= FULL_MACHINE * step.cores]
    if not full:
        return ""
    worst = max(full, key=_others)
    where = f"in {len(full)} of {len(steps)} steps none of this machine's {worst.cores} cores was idle"
    if _others(worst) > BYSTANDERS:
        return f"{where}; other programs took up to {_others(worst):.1f} of them: a quiet machine would be faster"
    if worst.server_cpu is None:
        return f"{where}: the generator may have lacked them"
    return (
        f"{where}; at most the clients took {max(step.client_cpu for step in full):.2f}, the server "
        f"{max(step.server_cpu or 0.0 for step in full):.2f} of them: clients elsewhere would leave it more"
    )


def _others(step: LoadStep) -> float:
    """Return the cores that neither the generators nor the server used; 0 where the server's share is not known."""
    if step.machine_cpu is None or step.server_cpu is None:
        return 0.0
    return max(0.0, step.machine_cpu - step.client_cpu - step.server_cpu)


def generator_limited(step: LoadStep) -> bool:
    """Whether the generator, not the server, set the pace: own CPU, or calls late though a connection was free."""
    return step.busiest_cpu >= BUSY_CPU or step.late - step.starved > LATE_SHARE * max(1, step.attempts)


def _bottleneck(rounds: Sequence[LoadStep]) -> Iterator[str]:
    busiest = max(step.busiest_cpu for step in rounds)
    sent = max(1, sum(step.attempts for step in rounds))
    late, starved = sum(step.late for step in rounds), sum(step.starved for step in rounds)
    spec = rounds[0].spec
    if any(map(generator_limited, rounds)):
        if busiest >= BUSY_CPU:
            how = f"its busiest process used {busiest:.0%} of a core"
        else:
            how = f"{(late - starved) / sent:.1%} of the calls left late though a connection was free"
        ready = "" if spec.pre_encoded else ", or send ready bodies (--pre-encode) to see what the server can do"
        yield f"the generator is the bottleneck: {how}. Give it more processes (--processes){ready}"
    if starved > LATE_SHARE * sent:
        yield (
            f"all {spec.concurrency} calls were in flight when {starved / sent:.0%} of the others were due: the server "
            f"does not keep up with {spec.rate_per_s:g} per second, or --concurrency is too low for it"
        )
    if unsent := sum(step.unsent for step in rounds):
        yield f"about {unsent:,} calls that were due had not been sent when the time was up"


def _errors(rounds: Sequence[LoadStep]) -> Iterator[str]:
    total: Counter[str] = Counter()
    messages: dict[str, str] = {}
    for step in rounds:
        total.update(step.errors)
        messages = {**step.messages, **messages}
    sent = max(1, sum(step.attempts for step in rounds))
    for code, number in total.most_common():
        meaning = _MEANINGS.get(code) or messages.get(code, "")
        if code == "RESOURCE_EXHAUSTED" and "larger than max" in messages.get(code, ""):
            meaning = "the answer is larger than the client takes (grpc.max_receive_message_length)"
        yield f"{counted(number, 'call')} ({number / sent:.1%}) failed with {code}" + (
            f": {meaning}" if meaning else ""
        )


def _outages(rounds: Sequence[LoadStep]) -> Iterator[str]:
    for step in rounds:
        for outage in step.outages:
            end = (
                f"the first call succeeded again {outage.recovery_s:.2f} s later"
                if outage.recovery_s is not None
                else "and none succeeded again"
            )
            yield f"every call failed from {outage.start_s:.2f} s on ({outage.failed:,} of them); {end}"
