"""What became of the calls of one generator, gathered by its clients and handed on in batches."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from serlab.errors import SerlabError, TransportError

#: The columns of a sample. Times are ``time.perf_counter``'s, which all processes of a machine share; stages are
#: seconds. ``starved`` is 1 for a call that was due while all connections were in use.
COLUMNS = ("due", "sent", "ended", "starved", "encode", "exchange", "decode")
#: A call that leaves this much after its time is late; a thread wakes up within a tenth of it.
LATE_S = 1e-3

Sample = tuple[float, float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that brought no usable answer."""

    due: float
    sent: float
    ended: float
    starved: float
    code: str
    message: str


class Batch(msgspec.Struct, frozen=True):
    """What a generator tells its controller from time to time.

    ``samples`` are rows of ``COLUMNS`` as float64; ``cpu_s`` is the process's CPU time at ``at``. The last batch is
    ``final`` and says how many calls were ``unsent``, and what the generator could not do at all.
    """

    at: float
    cpu_s: float
    samples: bytes
    failures: tuple[Failure, ...]
    final: bool = False
    unsent: int = 0
    trouble: str = ""

    def table(self) -> NDArray[np.float64]:
        """Return the samples, one row each."""
        return np.frombuffer(self.samples, np.float64).reshape(-1, len(COLUMNS))


class Tally:
    """Takes in samples and failures from any number of threads; nothing is lost between two batches."""

    def __init__(self) -> None:
        # Appending to a deque and taking from its other end are atomic.
        self._samples: deque[Sample] = deque()
        self._failures: deque[Failure] = deque()

    def succeeded(self, sample: Sample) -> None:
        """Count a call that brought its answer."""
        self._samples.append(sample)

    def failed(self, failure: Failure) -> None:
        """Count a call that did not."""
        self._failures.append(failure)

    def take(self) -> tuple[bytes, tuple[Failure, ...]]:
        """Return what has come in since the last time."""
        rows = [self._samples.popleft() for _ in range(len(self._samples))]
        failures = tuple(self._failures.popleft() for _ in range(len(self._failures)))
        return np.array(rows, np.float64).tobytes(), failures


def failure_code(error: SerlabError) -> str:
    """Return the code that a failed call is counted under.

    gRPC codes and HTTP statuses are their own names. Without any: "TIMEOUT" for no complete answer in time, "REFUSED"
    where nothing listened, "DISCONNECTED" for a connection that broke, "CODEC" for an answer that could not be read.
    """
    if not isinstance(error, TransportError):
        return "CODEC"
    if error.code:
        return error.code
    if isinstance(error.__cause__, TimeoutError):
        return "TIMEOUT"
    return "REFUSED" if isinstance(error.__cause__, ConnectionRefusedError) else "DISCONNECTED"


def ran_out_of_time(code: str) -> bool:
    """Whether a failure means that no complete answer came in time."""
    return code in ("TIMEOUT", "DEADLINE_EXCEEDED")


def nobody_answered(code: str) -> bool:
    """Whether a failure means that there was no server to speak of, so that calling again at once is no use."""
    return code in ("REFUSED", "DISCONNECTED", "UNAVAILABLE")


def unanswered(code: str) -> bool:
    """Whether a failure came without any answer: a server that answers with errors is there."""
    return nobody_answered(code) or ran_out_of_time(code)
