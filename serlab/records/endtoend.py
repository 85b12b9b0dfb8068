"""What calls of a live instance took, and what it answered. Times are seconds, sizes are bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from serlab.records.call import TensorSpec
from serlab.records.run import Count, Exactness, Form, Lasting, Seconds, Transport


@dataclass(frozen=True, slots=True)
class Answer:
    """A response body of the model itself, recorded once per payload and codec: what decode is measured on.

    ``file`` is relative to the run's folder. ``outputs`` are the tensors that were read of it. ``exactness`` compares
    them with another codec's, or with what the user expects (``compared_with``); None where nothing was compared.
    """

    payload: str
    codec: str
    file: str = ""
    bytes: int = 0
    outputs: Mapping[str, TensorSpec] = field(default_factory=dict)
    compared_with: str = ""
    exactness: Exactness | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class CallSample:
    """One end-to-end call: the client's encode, then send + server + receive, then the client's decode.

    ``total_s`` is measured around all three by its own pair of clock readings.
    """

    encode_s: Seconds
    exchange_s: Seconds
    decode_s: Seconds
    total_s: Lasting

    @property
    def left_over_s(self) -> float:
        """What the three stages do not explain."""
        return self.total_s - self.encode_s - self.exchange_s - self.decode_s


@dataclass(frozen=True, slots=True)
class EndToEndRun:
    """The calls of one fresh client process against a live instance.

    CPU seconds are totals over ``calls``; ``error`` is what ended the run early, "" otherwise.
    """

    payload: str
    codec: str
    transport: Transport
    round: int
    calls: tuple[CallSample, ...]
    request_bytes: Count
    response_bytes: Count
    client_cpu_s: Seconds
    server_cpu_s: Seconds | None
    server_peak_rss_bytes: Count | None
    exactness: Exactness | None = None
    form: Form | None = None  # in which a gRPC server answered
    warmups: tuple[CallSample, ...] = ()  # calls before those that count; the first of them connects
    error: str = ""
    error_code: str = ""


REST_CLIENTS = "rest_clients"


@dataclass(frozen=True, slots=True)
class RestClientRun:
    """The calls of one fresh process that sends with ``client``: "rest" is the lab's own, others a library."""

    client: str
    run: EndToEndRun
