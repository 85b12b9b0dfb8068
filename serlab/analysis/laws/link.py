"""What a call costs over a link: transfer and round trips are added; compression trades CPU for bytes.

The model: a body of B bytes over R bit/s takes 8·B ÷ R, each direction once, and a call waits for one round trip. On a
new or idle connection the sender's window grows from ten segments and doubles per round trip (RFC 6928, RFC 5681), so
that large bodies wait for more of them; on a busy one the window is already open.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from serlab.errors import UsageError
from serlab.records.prediction import Prediction

#: A TCP segment's payload on Ethernet, and how many a sender may have under way at first (RFC 6928).
SEGMENT_BYTES = 1448
FIRST_WINDOW = 10
#: What Ethernet, IP and TCP add to each segment: 14 + 4 + 20 + 32 bytes.
SEGMENT_OVERHEAD = 70

_UNITS = {"kbit": 1e3, "mbit": 1e6, "gbit": 1e9}
_LINK = re.compile(r"(?P<rate>\d+(?:\.\d+)?)(?P<unit>[kmg]bit)(?:,(?P<delay>\d+(?:\.\d+)?)ms)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """Bandwidth in bit/s in each direction, and the round trip in seconds. ``warm``: the windows are open already."""

    bits_per_s: float
    round_trip_s: float = 0.0
    warm: bool = True

    def added_s(self, request_bytes: int, response_bytes: int) -> float:
        """Return what the link adds to one call over an open connection."""
        moved = sum(self.transfer_s(size) for size in (request_bytes, response_bytes))
        waits = 1 + (0 if self.warm else self._growth(request_bytes) + self._growth(response_bytes))
        return moved + waits * self.round_trip_s

    def transfer_s(self, size: int) -> float:
        """Return the seconds that one body takes, its packets' headers with it."""
        return 8 * (size + SEGMENT_OVERHEAD * math.ceil(size / SEGMENT_BYTES)) / self.bits_per_s

    def _growth(self, size: int) -> int:
        """Return how many round trips a growing window makes a body wait, until it is under way or the link is full."""
        segments = math.ceil(size / SEGMENT_BYTES)
        full = max(1.0, self.bits_per_s * self.round_trip_s / 8 / SEGMENT_BYTES)
        window, sent, waits = float(FIRST_WINDOW), float(FIRST_WINDOW), 0
        while sent < segments and window < full:
            window *= 2
            sent += window
            waits += 1
        return waits


@dataclass(frozen=True, slots=True)
class Compression:
    """How a codec's bodies shrink, from this payload's own bodies: bytes after ÷ before, and the seconds it takes.

    ``request`` times are the client's compressing plus the server's inflating; ``response`` the other way round. A
    direction that is not compressed has ratio 1 and takes no time: TensorFlow Serving's REST inflates requests, and
    never compresses answers.
    """

    name: str
    request_ratio: float = 1.0
    request_s: float = 0.0
    response_ratio: float = 1.0
    response_s: float = 0.0


@dataclass(frozen=True, slots=True)
class LinkCall:
    """One codec over a link, with or without compression: predicted seconds per call and the bytes each way."""

    payload: str
    codec: str
    compression: str
    total_s: float
    request_bytes: int
    response_bytes: int

    @property
    def label(self) -> str:
        """The codec, and how it is compressed."""
        return f"{self.codec} + {self.compression}" if self.compression else self.codec


@dataclass(frozen=True, slots=True)
class Crossover:
    """The bandwidth at which two ways of sending one payload take the same time: below it the smaller bodies win."""

    payload: str
    smaller: str
    cheaper: str
    bits_per_s: float


def parse_link(text: str) -> Link:
    """Return the link that ``100Mbit,20ms`` names; without a delay it is 0.

    Raises:
        UsageError: it does not parse, or the rate is 0.
    """
    match = _LINK.fullmatch(text.strip())
    if match is None or float(match["rate"]) == 0:
        raise UsageError(f"--link {text!r} does not parse: write a rate and a round trip, as 100Mbit,20ms or 1Gbit")
    return Link(float(match["rate"]) * _UNITS[match["unit"].lower()], float(match["delay"] or 0) / 1e3)


def over(link: Link, prediction: Prediction, compression: Compression | None = None) -> LinkCall:
    """Return one predicted call as it would be over ``link``."""
    how = compression or Compression("")
    request = round(prediction.request_bytes * how.request_ratio)
    response = round(prediction.response_bytes * how.response_ratio)
    total = prediction.total_s.median + how.request_s + how.response_s + link.added_s(request, response)
    return LinkCall(prediction.payload, prediction.codec, how.name, total, request, response)


def ranked(calls: Sequence[LinkCall]) -> list[LinkCall]:
    """Return the calls of one payload, fastest first."""
    return sorted(calls, key=lambda call: call.total_s)


def crossover(one: LinkCall, other: LinkCall) -> Crossover | None:
    """Return where two calls that are known *without* a link take the same time, None where one always wins."""
    smaller, larger = sorted((one, other), key=_moved)
    saved_bytes, costs_s = _moved(larger) - _moved(smaller), smaller.total_s - larger.total_s
    if saved_bytes <= 0 or costs_s <= 0:
        return None
    return Crossover(one.payload, smaller.label, larger.label, 8 * saved_bytes / costs_s)


def _moved(call: LinkCall) -> int:
    sizes = (call.request_bytes, call.response_bytes)
    return sum(size + SEGMENT_OVERHEAD * math.ceil(size / SEGMENT_BYTES) for size in sizes)
