"""Correlation: does the time in isolation explain the time end to end, and what does it leave unexplained?"""

from __future__ import annotations

from collections.abc import Iterable

from serlab.analysis.correlate import shows_relation
from serlab.records.correlation import Correlation, CorrelationPoint
from serlab.report import answer_words, sentences, short_answers, units
from serlab.report.blocks import Block, Cell, Figure, Missing, Section, Table, columns
from serlab.report.plots import correlation, explained, residuals
from serlab.report.plots.correlation import scope_title
from serlab.report.sentences import words
from serlab.report.source import Source


def build(source: Source) -> Section:
    """Return the section."""
    if not source.correlations.points:
        missing = Missing("whether it matters end to end", "serlab bench")
        return Section("correlation", "Does it matter?", ("There is nothing to correlate.",), (missing,))
    blocks: list[Block] = [
        Figure(
            "correlation-figure",
            "Isolated against end to end",
            "A point is a payload and codec; its arms are 95 % intervals. The line is the Theil–Sen fit and the shaded "
            "area its 95 % interval, drawn where it shows a relation; on the dotted line a call would be nothing but "
            "encode + decode. What lies above is transport and server.",
            correlation.panels(source),
            _fits(source),
        )
    ]
    off = residuals.panels(source)
    if off:
        blocks.append(
            Figure(
                "residuals-figure",
                "Residuals",
                "How far each point is off its transport's line: 2× means that a call takes twice what its codec's "
                "isolated time predicts. Points that share a side share a cause the codec's time does not see.",
                off,
            )
        )
    blocks.append(
        Figure(
            "explained-figure",
            "What is not explained",
            "The blue part of a call is explained by encode + decode in isolation, with its interval; the rest is "
            "transport, the server, and what encode and decode cost beyond isolation when they run within a call.",
            explained.panels(source),
            _points(source),
        )
    )
    blocks.append(_savings(source))
    return Section("correlation", "Does it matter?", tuple(_conclusion(source)), tuple(blocks))


def _conclusion(source: Source) -> Iterable[str]:
    first = answer_words.headlined(source.choices).payload if source.choices else ""
    yield short_answers.matters(source, first)
    shares = sorted(source.correlations.points, key=lambda point: point.share.median)
    least, most = shares[0], shares[-1]
    usual = next((one for one in shares if (one.payload, one.codec) == (first, source.baseline)), most)
    yield (
        f"Timed in isolation{_waited(source)}, they explain {_explained(usual)}; over all codecs from "
        f"{_explained(least)} to {_explained(most)}. The rest of a call they do not explain."
    )
    for fit in source.correlations.fits:
        if fit.scope != "all":
            yield f"Over {scope_title(fit.scope)}, {sentences.relation(fit)}."
    if mode := sentences.in_call(source.correlations.in_call):
        yield mode


def _fits(source: Source) -> Table:
    rows = []
    for fit in source.correlations.fits:
        rows.append(
            (
                Cell(scope_title(fit.scope)),
                Cell(str(fit.points), fit.points),
                Cell(f"{fit.spearman:.2f}" if fit.spearman is not None else "–", fit.spearman),
                _slope(fit),
                Cell(units.seconds(fit.intercept_s if shows_relation(fit) else None)),
            )
        )  # fmt: skip
    titles = ("over", "points", "rank correlation", "slope, ms end to end per ms isolated", "intercept")
    return Table("fits-table", "Theil–Sen fits and Spearman's rank correlation", columns(*titles), tuple(rows))


def _waited(source: Source) -> str:
    """Say how the steps were timed that are held against calls: a loop of them takes less."""
    modes = source.correlations.in_call
    return f" ({sentences.MODES[modes[0].mode]})" if modes else ""


def _explained(point: CorrelationPoint) -> str:
    return f"{sentences.share(point.share)} of it ({point.payload} with {point.codec})"


def _slope(fit: Correlation) -> Cell:
    if fit.slope is None:
        return Cell(units.NOT_MEASURED)
    bounds = f"[{fit.slope.low:.2f}, {fit.slope.high:.2f}]"
    if not shows_relation(fit):
        return Cell(f"no relation shown {bounds}", tone="muted")
    return Cell(f"{fit.slope.median:.2f} {bounds}", fit.slope.median)


def _points(source: Source) -> Table:
    rows = []
    for point in source.correlations.points:
        exactness = source.view.exactness(point.payload, point.codec)
        rows.append(
            (
                Cell(point.payload),
                Cell(source.label(point.payload, point.codec)),
                Cell(sentences.transport(point.transport)),
                Cell(sentences.time(point.isolated_s), point.isolated_s.median),
                Cell(sentences.time(point.end_to_end_s), point.end_to_end_s.median),
                Cell(sentences.share(point.share), point.share.median),
                Cell(units.ratio(point.encode_in_situ_ratio), point.encode_in_situ_ratio),
                Cell(units.ratio(point.decode_in_situ_ratio), point.decode_in_situ_ratio),
                Cell(words(exactness), tone="plain" if exactness and exactness.exact else "bad"),
            )
        )
    return Table(
        "points-table",
        f"Encode + decode in isolation{_waited(source)} and end to end (p50), of every payload and codec",
        columns(
            "payload", "codec", "over", "isolated", "end to end", "explained", "encode in a call ÷ isolated",
            "decode in a call ÷ isolated", "values", text=3,
        ),
        tuple(rows),
    )  # fmt: skip


def _savings(source: Source) -> Table:
    rows = []
    for saving in source.correlations.savings:
        whole = saving.end_to_end_s
        unclear = whole.spans(0)
        rows.append(
            (
                Cell(saving.payload),
                Cell(f"{saving.slow} → {source.label(saving.payload, saving.fast)}"),
                Cell(units.seconds(saving.encode_s), saving.encode_s),
                Cell(units.seconds(saving.decode_s), saving.decode_s),
                Cell(units.seconds(whole.median), whole.median),
                Cell(units.bounds(whole, units.seconds), whole.low),
                Cell(sentences.unclear_difference(whole) if unclear else "saves" if whole.median > 0 else "costs",
                     tone="muted" if unclear else "good" if whole.median > 0 else "bad"),
            )
        )  # fmt: skip
    titles = ("payload", "change", "saved encoding", "saved decoding", "saved end to end", "95 % interval", "verdict")
    return Table("savings-table", "What a change of codec saves per call", columns(*titles, text=2), tuple(rows))
