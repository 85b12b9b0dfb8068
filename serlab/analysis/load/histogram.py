"""Latencies as HdrHistograms: mergeable without loss, whoever recorded them.

Values are whole microseconds with three significant digits, from 1 µs to an hour; the text form is HdrHistogram's own
V2 encoding in base64 (https://github.com/HdrHistogram/HdrHistogram), which its other implementations read.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.analysis import stats
from serlab.errors import StoreError, needs

LOWEST_US = 1
HIGHEST_US = 3600 * 10**6
SIGNIFICANT_DIGITS = 3

#: The cookie and the length in front of the compressed part.
_HEADER_BYTES = 8
#: With 3 digits up to an hour a histogram has 23,552 counts of at most 9 bytes.
MAX_INFLATED_BYTES = 2**20

#: A percentile is shown from this many samples on. The floors are the least n with P(Binomial(n, 1 - p) <= 1) <= 1 %:
#: then at least two samples lie beyond the percentile, and it is not the luck of the one slowest call.
SAMPLE_FLOOR = {**stats.SAMPLE_FLOOR, 0.999: 6636}


def encode(latencies_s: NDArray[np.float64]) -> str:
    """Return the histogram of latencies in seconds; "" for none. Longer than an hour counts as an hour."""
    if not len(latencies_s):
        return ""
    histogram = _empty()
    microseconds = np.clip(np.rint(latencies_s * 1e6), LOWEST_US, HIGHEST_US).astype(np.int64)
    for value, count in zip(*np.unique(microseconds, return_counts=True), strict=True):
        histogram.record_value(int(value), int(count))
    return _text(histogram)


def merge(encoded: Iterable[str]) -> str:
    """Return the histogram of all the calls that any of ``encoded`` holds; "" for none."""
    merged, found = _empty(), False
    for text in encoded:
        if text:
            merged.add(_decoded(text))
            found = True
    return _text(merged) if found else ""


def count(encoded: str) -> int:
    """Return the number of calls in a histogram."""
    return int(_decoded(encoded).get_total_count()) if encoded else 0


def percentile(encoded: str, fraction: float) -> float | None:
    """Return the percentile in seconds, None below its sample floor.

    Raises:
        KeyError: a fraction without a floor.
    """
    floor = SAMPLE_FLOOR[fraction]
    if not encoded:
        return None
    histogram = _decoded(encoded)
    if histogram.get_total_count() < floor:
        return None
    return float(histogram.get_value_at_percentile(100 * fraction)) / 1e6


def library() -> Any:
    """Return HdrHistogram's class; loaded when first needed, for most commands have no histogram.

    Raises:
        MissingExtraError: it is not installed.
    """
    needs("hdrh.histogram")
    from hdrh.histogram import HdrHistogram

    return HdrHistogram


def _empty() -> Any:
    return library()(LOWEST_US, HIGHEST_US, SIGNIFICANT_DIGITS)


def _decoded(encoded: str) -> Any:
    """Return the histogram of a text that may be somebody else's.

    Raises:
        StoreError: it is none, or inflates to more than one can have.
    """
    kind = library()
    try:
        inflated = zlib.decompressobj().decompress(base64.b64decode(encoded)[_HEADER_BYTES:], MAX_INFLATED_BYTES + 1)
        if len(inflated) > MAX_INFLATED_BYTES:
            raise ValueError("it inflates to more than a histogram has")
        return kind.decode(encoded.encode())
    except Exception as error:
        raise StoreError(f"a histogram of latencies cannot be read: {error or type(error).__name__}") from error


def _text(histogram: Any) -> str:
    encoded = histogram.encode()
    return encoded.decode() if isinstance(encoded, bytes) else str(encoded)
