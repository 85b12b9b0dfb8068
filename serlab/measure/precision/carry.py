"""Takes a class of values along a trip and finds out, per value, what became of it.

A body is accepted or rejected as a whole: one NaN that a format refuses takes every value beside it down. So a rejected
batch is halved until the values that caused it stand alone, and the others get their own verdict.
"""

from __future__ import annotations

import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.analysis.exactness import Verdict, examine, tally
from serlab.analysis.ulp import float_format, patterns
from serlab.errors import SerlabError
from serlab.measure.precision.trips import CHUNK, ServerGoneError, Trip
from serlab.records.precision import Alteration, Example, PrecisionCell
from serlab.records.run import Exactness

#: Single values tried when a batch is rejected: if none of them passes, the class as a whole is taken to be rejected.
PROBES = 4
#: Trips spent on locating rejected values in one class. What is still undecided then counts as rejected, "unlocated".
MAX_TRIPS = 400
#: Examples kept per verdict.
EXAMPLES = 3
#: Distances listed per cell.
LISTED_DISTANCES = 16
#: Warnings that are not about the values.
_HOUSEKEEPING = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


@dataclass(slots=True)
class _Findings:
    """What is known so far about the values of one class."""

    values: NDArray[Any]
    found: NDArray[np.int8]
    distance: NDArray[np.uint64]
    received: dict[int, tuple[str, str]] = field(default_factory=dict)  # index -> number, bits
    errors: Counter[str] = field(default_factory=Counter)
    warned: dict[Verdict, str] = field(default_factory=dict)
    trips: int = 0
    unlocated: int = 0


def examine_class(trip: Trip, name: str, values: NDArray[Any]) -> PrecisionCell:
    """Return what became of the 1-D ``values`` on ``trip``.

    Raises ``ServerGoneError`` when the live server went away. Any other exception of the trip is a verdict,
    ``rejected``, whatever its type: a codec that crashes on a value has not carried it, and its message is kept.
    """
    began = time.perf_counter()
    findings = _Findings(values, np.full(values.size, Verdict.REJECTED, np.int8), np.zeros(values.size, np.uint64))
    for start in range(0, values.size, CHUNK):
        _settle(trip, findings, np.arange(start, min(start + CHUNK, values.size)))
    return _cell(trip, name, findings, time.perf_counter() - began)


def _settle(trip: Trip, findings: _Findings, indices: NDArray[np.intp]) -> None:
    """Find the verdicts of a block, halving it where it is rejected."""
    blocks = [indices]
    probed = False
    while blocks:
        block = blocks.pop()
        if findings.trips >= MAX_TRIPS:
            findings.unlocated += block.size
            continue
        error = _attempt(trip, findings, block)
        if error is None or block.size == 1:
            continue
        if not probed:
            probed = True
            singles = block[np.unique(np.linspace(0, block.size - 1, PROBES).astype(np.intp))]
            refusals = [_attempt(trip, findings, single) for single in np.split(singles, singles.size)]
            if None not in refusals:
                findings.errors[error] += block.size - singles.size
                continue
        half = block.size // 2
        blocks += [block[half:], block[:half]]


def _attempt(trip: Trip, findings: _Findings, block: NDArray[np.intp]) -> str | None:
    """Make one trip. Returns the error's text if the block was rejected, having noted it for a single value."""
    findings.trips += 1
    sent = findings.values[block].reshape(1, -1)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            received = trip.carry(sent)
        if received.shape != sent.shape:
            raise ValueError(f"shape {sent.shape} came back as {received.shape}")
        found, distance = examine(sent, received)
    except ServerGoneError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a codec raises is what it says about the value, and is kept word for word
        # serlab's own errors are written to be read; others need their type to be understood.
        said = str(error) if isinstance(error, SerlabError) else f"{type(error).__name__}: {error}"
        if block.size == 1:
            findings.errors[said] += 1
        return said
    findings.found[block], findings.distance[block] = found[0], distance[0]
    _keep_examples(findings, block, found[0], distance[0], received.reshape(-1))
    said = next((str(w.message) for w in caught if not issubclass(w.category, _HOUSEKEEPING)), "")
    if said:
        for verdict in np.unique(found):
            findings.warned.setdefault(Verdict(verdict), said)
    return None


def _keep_examples(
    findings: _Findings, block: NDArray[np.intp], found: NDArray[np.int8], distance: NDArray[np.uint64], received: Any
) -> None:
    """Write down what came back of the first altered values and of the one that moved furthest, per verdict."""
    for verdict in np.unique(found):
        if verdict == Verdict.EXACT:
            continue
        at = np.flatnonzero(found == verdict)
        for i in {*at[:EXAMPLES].tolist(), int(at[np.argmax(distance[at])])}:
            findings.received[int(block[i])] = number_text(received, i), bits_text(received, i)


def _cell(trip: Trip, name: str, findings: _Findings, seconds: float) -> PrecisionCell:
    found, distance = findings.found, findings.distance
    rounded = distance[found == Verdict.ROUNDED]
    steps, times = np.unique(rounded, return_counts=True)
    counts = tally(found)
    failure = findings.errors.most_common(1)[0][0] if counts.get(Verdict.REJECTED.word) == found.size else ""
    return PrecisionCell(
        place=trip.place,
        codec=trip.codec,
        transport=trip.transport,
        dtype=trip.dtype,
        value_class=name,
        leg=trip.leg,
        form=trip.form,
        exactness=Exactness(found.size, counts, worst_ulp=int(distance.max(initial=0)), failure=failure),
        ulps=tuple((int(s), int(t)) for s, t in zip(steps[:LISTED_DISTANCES], times[:LISTED_DISTANCES], strict=True)),
        alterations=tuple(_alteration(findings, v) for v in Verdict if v and v.word in counts),
        trips=findings.trips,
        seconds=seconds,
        unlocated=findings.unlocated,
    )


def _alteration(findings: _Findings, verdict: Verdict) -> Alteration:
    at = np.flatnonzero(findings.found == verdict)
    if verdict == Verdict.REJECTED:
        said = "; ".join(text for text, _ in findings.errors.most_common(2))
        chosen = at[:EXAMPLES].tolist()
    else:
        said = findings.warned.get(verdict, "")
        known = sorted(i for i in findings.received if findings.found[i] == verdict)
        furthest = max(known, key=lambda i: int(findings.distance[i]))
        chosen = sorted({*[i for i in known if i != furthest][: EXAMPLES - 1], furthest})
    examples = tuple(_example(findings, i) for i in chosen)
    return Alteration(verdict.word, at.size, not said, examples, said)


def _example(findings: _Findings, index: int) -> Example:
    number, bits = findings.received.get(index, ("", ""))
    sent = number_text(findings.values, index), bits_text(findings.values, index)
    return Example((index,), *sent, number, bits, int(findings.distance[index]))


#: Strings longer than this are cut: an example is there to be read.
SHOWN_CHARACTERS = 40


def number_text(values: NDArray[Any], index: int) -> str:
    """The element as a decimal that reads back as the same value of its dtype; strings as Python literals, cut."""
    value = values[index]
    if isinstance(value, (bytes, str)):
        literal = repr(value)
        return literal if len(literal) <= SHOWN_CHARACTERS else f"{literal[:SHOWN_CHARACTERS]}… ({len(value)} long)"
    if values.dtype.kind == "c":
        return f"({_scalar(value.real)}, {_scalar(value.imag)}j)"
    return _scalar(value)


def bits_text(values: NDArray[Any], index: int) -> str:
    """The element's bits in hex, most significant first; both parts of a complex; a string's bytes in order, cut."""
    element = values[index : index + 1]
    if values.dtype.kind in "OSU":
        return _string_bits(element[0])
    if values.dtype.kind == "c":
        parts = element.view(element.real.dtype)
        return f"{bits_text(parts, 0)} {bits_text(parts, 1)}"
    width = values.dtype.itemsize
    if float_format(values.dtype) is not None:
        number = int(patterns(element)[0])
    else:
        number = int.from_bytes(element.astype(values.dtype.newbyteorder("<")).tobytes(), "little")
    return f"0x{number:0{2 * width}x}"


def _scalar(value: Any) -> str:
    # NumPy writes the shortest text that reads back in the value's own dtype; float16 and bfloat16 as well.
    return str(value) if isinstance(value, np.generic) else repr(value)


def _string_bits(value: object) -> str:
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    if not isinstance(data, bytes):
        return type(value).__name__
    shown = data[: SHOWN_CHARACTERS // 2].hex() or "(empty)"
    return f"{shown}…" if len(data) > SHOWN_CHARACTERS // 2 else shown
