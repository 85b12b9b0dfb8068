"""What a reader asks first, each in a line: does it matter, what does float64 lose over REST, where does memory go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from serlab.analysis.endtoend import codec_share
from serlab.analysis.holders import holders
from serlab.analysis.precision_causes import Cause, causes
from serlab.analysis.precision_findings import Share, codec_label
from serlab.analysis.precision_matrix import HARMLESS, round_trips
from serlab.records.precision import PrecisionReport
from serlab.records.run import Interval, MemoryProfile
from serlab.report import precision_words, sentences, units
from serlab.report.blocks import Fact
from serlab.report.source import Source

#: From these shares of a call on, encode and decode matter, or hardly do; below both they do not.
MATTERS, HARDLY = 0.20, 0.05
#: Payloads that are told of.
TOLD = 2
#: The dtype that JSON loses something of, though every codec claims to carry it.
WIDE = "float64"


def facts(source: Source, first: str) -> Iterator[Fact]:
    """Yield what the run has an answer to; ``first`` is the payload that stands first."""
    told = matters(source, first)
    if told:
        yield Fact("Does it matter?", told, section="correlation" if source.correlations.points else "endtoend")
    lost = loses(source)
    if lost:
        yield Fact(f"{WIDE} over REST", lost, section="precision")
    held = memory(source)
    if held:
        yield Fact("Memory", held, section="memory")


def verdict(share: Interval) -> str:
    """Return whether encode and decode matter that are ``share`` of a call: ``Yes``, ``Hardly`` or ``No``."""
    return "Yes" if share.median >= MATTERS else "Hardly" if share.median >= HARDLY else "No"


def matters(source: Source, first: str = "") -> str:
    """Say of each payload whether encode and decode matter end to end, with the codec used now; "" without calls."""
    clients = source.view.clients
    found: list[tuple[str, str, Interval]] = []
    for payload in sorted((one.name for one in source.payloads), key=lambda name: name != first):
        called = {one.codec: one.p50_s for one in source.calls if one.payload == payload and one.p50_s}
        if not called:
            continue
        codec = source.baseline if source.baseline in called else max(called, key=lambda name: called[name] or 0.0)
        share = codec_share(clients[payload, codec])
        if share:
            found.append((payload, codec, share))
    lines = []
    for number, (payload, codec, share) in enumerate(found[:TOLD]):
        if number == 0:
            lines.append(
                f"{verdict(share)}: encode and decode take {sentences.share(share)} of a call with {payload} and "
                f"{codec}, as timed within it."
            )
        else:
            with_codec = "" if codec == found[0][1] else f" and {codec}"
            lines.append(f"{verdict(share)} with {payload}{with_codec}: {sentences.share(share)}.")
    if len(found) > TOLD:
        lines.append(f"{len(found) - TOLD} more under End to end.")
    return " ".join(lines)


def loses(source: Source) -> str:
    """Say what becomes of float64 over REST, the worst first, and which codecs lose nothing; "" if nobody looked."""
    report = source.part("precision", PrecisionReport)
    if report is None:
        return ""
    cells = [cell for cell in round_trips(report) if cell.dtype == WIDE and cell.transport == "rest"]
    if not cells:
        return ""
    altered = dict.fromkeys(codec_label(cell) for cell in cells if not cell.exactness.exact)
    kept = [name for name in dict.fromkeys(map(codec_label, cells)) if name not in altered]
    kept_text = f"Nothing is lost with {sentences.listing(kept)}." if kept else ""
    found = [cause for cause in causes(report) if cause.transport == "rest" and WIDE in cause.shares]
    gravest = [one for one in _by_verdict(found) if one.verdict not in HARMLESS]
    if not gravest:
        return kept_text
    first, *others = gravest
    far = f" by up to {first.worst_ulp:,} ULP" if first.worst_ulp else ""
    silently = ", silently" if first.silent else ""
    befallen = " and ".join(map(precision_words.befallen, first.shares[WIDE][:2]))
    text = (
        f"{first.verdict.capitalize()}: {befallen}{far}{silently}, by {precision_words.cause_name(first, report)} "
        f"({_few(first.codecs)})."
    )
    if others:
        text += f" Also {'; '.join(f'{_classes(one.shares[WIDE])} {one.verdict}' for one in others)}."
    return f"{text} {kept_text}".rstrip()


def _by_verdict(found: Sequence[Cause]) -> list[Cause]:
    """Return the first cause of every verdict: parser and writer often do the same."""
    return list({cause.verdict: cause for cause in reversed(found)}.values())[::-1]


def _classes(shares: Iterable[Share]) -> str:
    return ", ".join(dict.fromkeys(share.value_class.split()[-1] for share in shares))


def _few(codecs: Sequence[str]) -> str:
    return sentences.listing(codecs) if len(codecs) < 3 else f"{codecs[0]} and {len(codecs) - 1} more"


def memory(source: Source) -> str:
    """Say which function holds the memory of the codec used now, and of the JSON codec that takes most; or ""."""
    profiles = [one for one in source.data.memory if "json" in one.case.codec and one.raw_bytes and holders(one)]
    if not profiles:
        return ""
    largest = max(profiles, key=lambda one: one.raw_bytes).case.payload
    here = sorted((one for one in profiles if one.case.payload == largest), key=lambda one: -one.peak_bytes)
    usual = [one for one in here if one.case.codec == source.baseline]
    told = dict.fromkeys((*usual[:1], here[0]))
    return "; ".join(_held(one, source) for one in told) + "."


def _held(profile: MemoryProfile, source: Source) -> str:
    case = profile.case
    most = holders(profile)[0]
    return (
        f"{source.label(case.payload, case.codec)} {sentences.DOING[case.op]} {case.payload} peaks at "
        f"{sentences.peak(profile)}, of which {units.size(most.bytes)} in {most.name}"
    )
