"""What a reader asks first, each in a line: does it matter, what does float64 lose over REST, where does memory go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from serlab.analysis.answer import decode_case
from serlab.analysis.endtoend import codec_share
from serlab.analysis.holders import holders
from serlab.analysis.precision_causes import Cause, causes, reach
from serlab.analysis.precision_findings import Share, codec_label
from serlab.analysis.precision_matrix import HARMLESS, round_trips
from serlab.records.precision import PrecisionReport, is_ordinary
from serlab.records.run import Case, Interval, MemoryProfile
from serlab.report import precision_words, sentences, units
from serlab.report.blocks import Fact
from serlab.report.origin import is_embedded, server_name
from serlab.report.source import Source

#: From these shares of a call on, encode and decode matter, or hardly do; below both they do not.
MATTERS, HARDLY = 0.20, 0.05
#: Payloads that are told of.
TOLD = 2
#: The dtype that JSON loses something of, though every codec claims to carry it.
WIDE = "float64"
#: Classes of ordinary values that are told, codecs that are named before they are counted, holders of a peak.
ORDINARY, NAMED, MOST = 2, 2, 2


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
                f"{verdict(share)}: on {server_name(source.data.info.instance)}, encode and decode take "
                f"{sentences.share(share)} of a call with {payload} and {codec}"
                f"{_beyond(source, payload, codec)}."
            )
        else:
            with_codec = "" if codec == found[0][1] else f" and {codec}"
            lines.append(f"{verdict(share)} with {payload}{with_codec}: {sentences.share(share)}.")
    return " ".join(lines)


def _beyond(source: Source, payload: str, codec: str) -> str:
    """Say why another codec saves more than this one's encode and decode: the server's share has its price too."""
    means = {one.codec: one for one in source.calls if one.payload == payload and one.mean_total_s}
    chosen = [one for one in source.choices if one.payload == payload and one.codec in means and one.codec != codec]
    if codec not in means or not chosen:
        return ""
    now, best = means[codec], means[min(chosen, key=lambda one: one.time_s.median).codec]
    alone = (now.encode_s or 0.0) + (now.decode_s or 0.0)
    saved, rest = (now.mean_total_s or 0.0) - (best.mean_total_s or 0.0), (now.exchange_s or 0.0)
    if saved <= alone or not rest > (best.exchange_s or 0.0):
        return ""
    return (
        f"; {best.codec} saves more, as it also brings send + server + receive from {units.seconds(rest)} to "
        f"{units.seconds(best.exchange_s)} (means)"
    )


def loses(source: Source) -> str:
    """Say which codecs lose nothing of float64 over REST, and what becomes of it with each of the others; or ""."""
    report = source.part("precision", PrecisionReport)
    if report is None:
        return ""
    cells = [cell for cell in round_trips(report) if cell.dtype == WIDE and cell.transport == "rest"]
    found = [cause for cause in causes(report) if cause.transport == "rest" and cause.verdict not in HARMLESS]
    met = {verdict: _met([cause for cause in found if cause.verdict == verdict]) for verdict in _verdicts(found)}
    losing = dict.fromkeys(codec for by_codecs in met.values() for codecs in by_codecs for codec in codecs)
    kept = [name for name in dict.fromkeys(map(codec_label, cells)) if name not in losing]
    told = [f"Nothing is lost with {sentences.listing(kept)}."] if kept else []
    parts = [
        _part(next(cause for cause in found if cause.verdict == verdict), by_codecs, list(losing))
        for verdict, by_codecs in met.items()
        if by_codecs
    ]
    if parts:
        told.append(f"With {_those(list(losing), len(kept))}, {'; '.join(parts)}.")
    if any(cause.culprit == "server" for cause in found) and is_embedded(report.instance):
        told.append(precision_words.AS_REAL)
    return " ".join(told)


def _verdicts(found: Iterable[Cause]) -> Iterable[str]:
    return dict.fromkeys(cause.verdict for cause in found)


def _met(found: Iterable[Cause]) -> dict[tuple[str, ...], tuple[Share, ...]]:
    """Return the classes of float64 that causes of one verdict befall, by the codecs that meet it with just these."""
    by_class: dict[str, dict[str, Share]] = {}
    for cause in found:
        for codecs, by_dtype in cause.befallen.items():
            for share in by_dtype.get(WIDE, ()):
                own = by_class.setdefault(share.value_class, {})
                for codec in codecs:
                    own[codec] = max(own.get(codec, share), share, key=reach)
    grouped: dict[tuple[str, ...], list[Share]] = {}
    for own in by_class.values():
        grouped.setdefault(tuple(own), []).append(max(own.values(), key=reach))
    return {codecs: tuple(sorted(shares, key=reach, reverse=True)) for codecs, shares in grouped.items()}


def _part(cause: Cause, by_codecs: Mapping[tuple[str, ...], Sequence[Share]], losing: Sequence[str]) -> str:
    """Return what one verdict befalls, each class with its codecs where they are not all that lose something."""
    far = f", by up to {cause.worst_ulp:,} ULP" if cause.worst_ulp else ""
    silently = "silently " if cause.silent else ""
    told = (f"{_classes(shares)}{_who(codecs, losing)}" for codecs, shares in by_codecs.items())
    return f"{silently}{cause.verdict}: {', '.join(told)}{far}"


def _classes(shares: Sequence[Share]) -> str:
    """Return classes of values: how much of the ordinary ones, else all others in short."""
    usual = [precision_words.befallen(share) for share in shares if is_ordinary(share.value_class)][:ORDINARY]
    names = dict.fromkeys(share.value_class.split()[-1] for share in shares)
    return sentences.listing(usual or list(names))


def _those(losing: Sequence[str], kept: int) -> str:
    """Name the codecs that lose something: every one, or all that are not named already."""
    if len(losing) <= NAMED:
        return sentences.listing(losing)
    return f"{'the other' if kept else 'all'} {len(losing)} over REST"


def _who(codecs: Sequence[str], losing: Sequence[str]) -> str:
    """Name some of the codecs that lose something, or those that are missing where they are fewer; all need none."""
    missing = [name for name in losing if name not in codecs]
    if not missing:
        return ""
    return (
        f" (all of them but {sentences.listing(missing)})"
        if len(missing) < len(codecs)
        else (f" ({sentences.listing(codecs)})")
    )


def memory(source: Source) -> str:
    """Say which functions hold the memory of the codec used now, in bytes and shares, and what the best one takes."""
    profiles = [one for one in source.data.memory if one.raw_bytes and one.case.codec == source.baseline]
    if not profiles:
        return ""
    largest = max(profiles, key=lambda one: one.raw_bytes).case.payload
    here = {one.case.op: one for one in profiles if one.case.payload == largest and holders(one)}
    told = [f"{sentences.DOING[op]} holds {sentences.peak(one)}: {_held(one)}" for op, one in here.items()]
    if not told:
        return ""
    best = min(
        (choice for choice in source.choices if choice.payload == largest and choice.codec != source.baseline),
        key=lambda choice: choice.time_s.median, default=None,
    )  # fmt: skip
    cases = [Case(largest, best.codec, "encode"), decode_case(source.view, largest, best.codec)] if best else []
    peaks = [
        f"{units.size(one.peak_bytes)} {sentences.DOING[case.op]}"
        for case in cases
        if (one := source.view.memory.get(case))
    ]
    instead = f" {best.codec} holds {sentences.listing(peaks)}." if best and len(peaks) == len(here) else ""
    return f"{source.label(largest, source.baseline)} with {largest}: {'; '.join(told)}.{instead}"


def _held(profile: MemoryProfile) -> str:
    return sentences.listing(
        [
            f"{units.size(one.bytes)} ({units.percent(one.bytes / profile.peak_bytes)}) in {one.name}"
            for one in holders(profile)[:MOST]
        ]
    )
