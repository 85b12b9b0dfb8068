"""What the article's own figures say about each other, whatever anyone measures."""

from __future__ import annotations

from dataclasses import dataclass

from serlab.analysis.words import counted
from serlab.records.claims import NOT_REPRODUCED, NOT_TESTABLE, REPRODUCED, SAME_DIRECTION, Verdict
from serlab.records.run import Interval

CONCURRENCY = 50
IMAGE_BYTES = 602_112
JSON_IMAGE_BYTES = 2.8e6


@dataclass(frozen=True, slots=True)
class Figures:
    """The article's ResNet-50 figures for one protocol: median latency, requests and bits per second, CPU share."""

    p50_s: float
    throughput: float
    bandwidth: float
    cpu: float
    request_bytes: float


GRPC = Figures(0.042, 1420.0, 1.2e9, 0.63, IMAGE_BYTES)
HTTP = Figures(0.110, 480.0, 2.7e9, 0.89, JSON_IMAGE_BYTES)


def most_throughput(in_flight: int, latency_s: float) -> float:
    """Requests per second that ``in_flight`` calls of ``latency_s`` each can complete (Little's law)."""
    return in_flight / latency_s


def needed_latency_s(in_flight: int, throughput: float) -> float:
    """Mean latency at which ``in_flight`` calls give this throughput (Little's law)."""
    return in_flight / throughput


def bits_per_second(throughput: float, request_bytes: float) -> float:
    """What the requests alone put on the network."""
    return throughput * request_bytes * 8


def throughput_contradiction(figures: Figures) -> str:
    """Say how a throughput exceeds what the median latency allows; "" where it does not."""
    most = most_throughput(CONCURRENCY, figures.p50_s)
    if figures.throughput <= most:
        return ""
    mean_s = needed_latency_s(CONCURRENCY, figures.throughput)
    return (
        f"{CONCURRENCY} in flight ÷ {figures.p50_s * 1e3:.0f} ms is at most {most:,.0f}/s, so {figures.throughput:,.0f}"
        f"/s needs a mean latency below {mean_s * 1e3:.1f} ms"
    )


def bandwidth_contradiction(figures: Figures) -> str:
    """Say how a bandwidth is less than what its requests alone need; "" where it is not."""
    needed = bits_per_second(figures.throughput, figures.request_bytes)
    if needed <= figures.bandwidth:
        return ""
    return (
        f"{figures.throughput:,.0f}/s × {_size(figures.request_bytes)} is {needed / 1e9:.1f} Gbit/s, not "
        f"{figures.bandwidth / 1e9:.1f}"
    )


def cpu_per_request_ratio() -> float:
    """HTTP's CPU time per request ÷ gRPC's, from the claimed CPU shares and throughputs."""
    return (HTTP.cpu / HTTP.throughput) / (GRPC.cpu / GRPC.throughput)


def _size(count: float) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} KB"


#: "≈" in an article is about this much; the exact values are shown beside the verdict anyway.
ABOUT = 0.10
#: A measured gap of less than this share of the claimed one is another gap.
GAP_SHARE = 0.75


def reproduced_if(holds: bool) -> Verdict:
    """Return the verdict of a claim that was tested."""
    return REPRODUCED if holds else NOT_REPRODUCED


def about(value: float, low: float, high: float | None = None, *, tolerance: float = ABOUT) -> bool:
    """Whether ``value`` is within ``tolerance`` of what was claimed: one value, or from ``low`` to ``high``."""
    return low * (1 - tolerance) <= value <= (low if high is None else high) * (1 + tolerance)


def gap_verdict(ratio: Interval, claimed: float) -> Verdict:
    """Return what a measured ratio says of a claimed one: first its direction, then its size.

    The direction holds where the whole interval lies above 1. The size holds as well where the interval reaches from
    ¾ of the claimed ratio to 4/3 of it. An interval that holds both 1 and the claimed size decides nothing.
    """
    reaches = ratio.high >= GAP_SHARE * claimed
    if ratio.above(1.0):
        return REPRODUCED if reaches and ratio.low <= claimed / GAP_SHARE else SAME_DIRECTION
    return NOT_TESTABLE if ratio.is_range or reaches else NOT_REPRODUCED


def undecided(verdict: Verdict, ratio: Interval) -> str:
    """Return what a gap that was measured, and not decided, would need; "" for one that was decided."""
    if verdict != NOT_TESTABLE:
        return ""
    if ratio.is_range:
        return f"more than {counted(ratio.runs, 'round')}, too few for a 95 % interval"
    return "a narrower interval: this one holds both no gap and the claimed one"
