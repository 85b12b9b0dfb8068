"""The first call of a step: makes sure that what will be sent is understood, and says what comes back."""

from __future__ import annotations

import time
from dataclasses import replace

import msgspec

from serlab.analysis.exactness import compare_all
from serlab.errors import CodecError, TransportError
from serlab.measure.calls import Subject
from serlab.measure.load.clients import Work
from serlab.measure.load.outcome import failure_code, ran_out_of_time
from serlab.records.call import Call
from serlab.records.load import LoadStep
from serlab.records.run import Endpoint, Exactness
from serlab.transports.base import TransportOptions
from serlab.transports.registry import open_transport

#: A server that fails now and then is still to be measured.
ATTEMPTS = 5
_PAUSE_S = 0.05
#: Failures that no repetition cures: load would consist of them.
_FINAL = frozenset({"REFUSED", "CODEC", "UNAVAILABLE", "400", "401", "403", "404", "405", "411", "413", "415", "501",
                    "INVALID_ARGUMENT", "NOT_FOUND", "UNIMPLEMENTED", "FAILED_PRECONDITION", "UNAUTHENTICATED",
                    "PERMISSION_DENIED", "OUT_OF_RANGE"})  # fmt: skip


class Verified(msgspec.Struct, frozen=True):
    """Sizes of the bodies there and back, and what became of the tensor; 0 and None where no answer came.

    ``failure`` says why the step cannot be measured, "" if it can.
    """

    request_bytes: int = 0
    response_bytes: int = 0
    exactness: Exactness | None = None
    failure: str = ""

    def noted(self, step: LoadStep) -> LoadStep:
        """Return a step's record with what the first call found out; the failure of one that failed later stays."""
        return replace(step, request_bytes=self.request_bytes, response_bytes=self.response_bytes,
                       exactness=self.exactness, failure=self.failure or step.failure)  # fmt: skip


def verify(work: Work, endpoint: Endpoint, options: TransportOptions, *, echoes: bool) -> Verified:
    """Make one call and compare the answer with what was sent, if the model ``echoes``.

    A server that does not answer in time is not a failure of the step: its timeouts are what the step then counts.
    """
    body = work.body if work.body is not None else work.codec.encode(work.tensors, work.call)
    for attempt in range(ATTEMPTS):
        try:
            with open_transport(work.codec.transport, endpoint, work.call, options) as transport:
                answer = transport.send(body)
            received = work.codec.decode(answer, work.call)
        except (TransportError, CodecError) as error:
            code = failure_code(error)
            if code in _FINAL:
                return Verified(len(body), failure=str(error))
            if ran_out_of_time(code) or attempt == ATTEMPTS - 1:
                return Verified(len(body))
            time.sleep(_PAUSE_S)
        else:
            return Verified(len(body), len(answer), compare_all(work.tensors, received) if echoes else None)
    raise AssertionError("the last attempt returns")


def verify_step(
    payload: str, codec: str, endpoint: Endpoint, options: TransportOptions, call: Call | None, seed: int
) -> Verified:
    """Make the first call of a step that other processes will take."""
    exchange = Subject(payload, seed, call).exchange(codec)
    work = Work(exchange.codec, exchange.tensors, exchange.call, None)
    return verify(work, endpoint, options, echoes=not call)
