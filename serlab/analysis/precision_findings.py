"""From cells to findings: which leg altered what, and whether the codec alone does the same with no server at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from serlab.analysis.exactness import WORDS
from serlab.errors import UnknownNameError
from serlab.records.precision import Alteration, Example, Leg, PrecisionCell, PrecisionReport
from serlab.records.run import Transport

#: Beside the verdicts: any alteration of which nothing was raised or warned.
SILENT = "silent"
#: ``codec``: it happens with no server. ``server``: it happens only through the live one.
Culprit = Literal["codec", "server"]


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the elements of a class got the verdict, and how far the furthest moved."""

    value_class: str
    altered: int
    elements: int
    nearest_ulp: int = 0
    worst_ulp: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One verdict of one dtype on one leg, with the classes it befell and the codecs that share it exactly."""

    culprit: Culprit
    transport: Transport
    leg: Leg
    dtype: str
    verdict: str
    silent: bool
    shares: tuple[Share, ...]
    codecs: tuple[str, ...]
    said: tuple[str, ...]  # per codec: the error of a rejection, or the warning; "" where nothing was said
    examples: tuple[tuple[str, Example], ...]  # with the class each belongs to


def findings(report: PrecisionReport) -> list[Finding]:
    """Every alteration of the report, once: on the leg where it happened, with codecs that behave alike joined.

    A live leg is held against the same leg offline. What the codec does to a class with no server is its own doing;
    what happens only live is the server's. Where a live leg was looked at, the offline one is not reported again.
    """
    found: dict[tuple[object, ...], Finding] = {}
    for finding in _unjoined(report):
        key = (
            finding.culprit,
            finding.transport,
            finding.leg,
            finding.dtype,
            finding.verdict,
            finding.silent,
            finding.shares,
        )
        known = found.get(key)
        if known is None:
            found[key] = finding
        else:
            found[key] = replace(known, codecs=known.codecs + finding.codecs, said=known.said + finding.said)
    return list(found.values())


def parse_words(text: str) -> tuple[str, ...]:
    """Return the comma-separated verdicts of ``--fail-on``; ``changed-type`` stands for ``changed type``.

    Raises:
        UnknownNameError: a word that is neither a verdict nor ``silent``; ``exact`` is nothing to fail on.
    """
    words = tuple(word.strip().replace("-", " ") for word in text.split(",") if word.strip())
    known = (*(word for word in WORDS if word != "exact"), SILENT)
    for word in words:
        if word not in known:
            raise UnknownNameError("verdict", word, known)
    return words


def unwanted(report: PrecisionReport, words: Iterable[str]) -> dict[str, int]:
    """Return how many values got each of ``words``, over all cells; words that none got are left out."""
    alterations = [alteration for cell in report.cells for alteration in cell.alterations]
    counts = {
        word: sum(a.elements for a in alterations if a.verdict == word or (word == SILENT and a.silent))
        for word in words
    }
    return {word: count for word, count in counts.items() if count}


def _unjoined(report: PrecisionReport) -> Iterator[Finding]:
    offline = {_place(cell): cell for cell in report.cells if cell.place == "offline"}
    live = {_place(cell) for cell in report.cells if cell.place == "live"}
    grouped: dict[tuple[Culprit, Transport, Leg, str, str, bool, str], list[tuple[PrecisionCell, Alteration]]] = {}
    for cell in _chosen(report.cells, live):
        for alteration in cell.alterations:
            alone = offline.get(_place(cell)) if cell.place == "live" else cell
            own = alone is not None and alone.exactness.counts.get(alteration.verdict, 0) >= alteration.elements
            culprit: Culprit = "codec" if own else "server"
            if own and alone is not None:  # what the codec says of itself explains more than the server's complaint
                alteration = next(a for a in alone.alterations if a.verdict == alteration.verdict)
            kind = (alteration.verdict, alteration.silent)
            key = (culprit, cell.transport, cell.leg, cell.dtype, *kind, codec_label(cell))
            grouped.setdefault(key, []).append((cell, alteration))
    for (culprit, transport, leg, dtype, verdict, silent, codec), members in grouped.items():
        yield Finding(
            culprit,
            transport,
            leg,
            dtype,
            verdict,
            silent,
            tuple(_share(cell, alteration) for cell, alteration in members),
            (codec,),
            (next((a.said for _, a in members if a.said), ""),),
            tuple((cell.value_class, example) for cell, a in members for example in a.examples),
        )


def _chosen(cells: Iterable[PrecisionCell], live: set[tuple[str, ...]]) -> Iterator[PrecisionCell]:
    """Single legs, live where there is one; a round trip only where its legs could not be looked at alone."""
    cells = list(cells)
    single = {(c.place, c.codec, c.dtype, c.value_class) for c in cells if c.leg != "both"}
    live_codecs = {(codec, dtype, value_class) for codec, dtype, value_class, _ in live}
    for cell in cells:
        if cell.place == "offline" and (cell.codec, cell.dtype, cell.value_class) in live_codecs:
            continue
        if cell.leg != "both" or (cell.place, cell.codec, cell.dtype, cell.value_class) not in single:
            yield cell


def _place(cell: PrecisionCell) -> tuple[str, ...]:
    # A live server chooses the form; ``values`` is what a stock one answers. Forms after it must not overwrite it.
    leg = cell.leg if cell.form in (None, "values") else f"{cell.leg} {cell.form}"
    return cell.codec, cell.dtype, cell.value_class, leg


def codec_label(cell: PrecisionCell) -> str:
    """The codec's name, with the form of the response where one was chosen."""
    return f"{cell.codec} ({cell.form})" if cell.form else cell.codec


def _share(cell: PrecisionCell, alteration: Alteration) -> Share:
    if alteration.verdict != "rounded":
        return Share(cell.value_class, alteration.elements, cell.exactness.elements)
    nearest = cell.ulps[0][0] if cell.ulps else 0
    return Share(cell.value_class, alteration.elements, cell.exactness.elements, nearest, cell.exactness.worst_ulp)
