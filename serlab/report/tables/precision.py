"""The precision lab's findings on the terminal: tables codec × class of value, who altered what, and examples."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from serlab.analysis.precision_findings import Finding, Share, codec_label, findings
from serlab.analysis.words import counted
from serlab.records.precision import Example, PrecisionCell, PrecisionReport
from serlab.report.origin import server_name

#: Below this many elements a share reads better as a count.
COUNTED_BELOW = 1000
#: Characters of an error that are shown; JSON output has all of them.
SHOWN_ERROR = 140
_ADDRESSED = re.compile(r"\b(POST|Predict on) \S+ (was answered with|failed:) ")
#: A row of the table: where a codec was looked at. Offline single legs are shown only where nothing was live.
_WHERE = {
    ("live", "request"): "request leg",
    ("live", "response"): "response leg",
    ("live", "both"): "round trip",
    ("offline", "request"): "request leg, offline",
    ("offline", "response"): "response leg, offline",
    ("offline", "both"): "codec alone",
}


def render(report: PrecisionReport, console: Console, *, examples: int = 3) -> None:
    """Print the whole report; ``examples`` per finding and class, at most as many as were kept."""
    console.print(headline(report))
    found = findings(report)
    dtypes = list(dict.fromkeys(cell.dtype for cell in report.cells))
    exact = [d for d in dtypes if all(c.exactness.exact for c in report.cells if c.dtype == d)]
    if exact:
        console.print(f"Exact through every codec and leg: {', '.join(exact)}.", highlight=False)
    if report.source:
        console.print(elements_table(_shown(report)))
    for dtype in dtypes:
        if dtype not in exact:
            console.print()
            table, kept = class_table(report, dtype)
            console.print(table)
            console.print(Text(kept))
            for finding in found:
                if finding.dtype == dtype:
                    _print_finding(report, finding, console, examples)
    for name, reason in report.unavailable.items():
        console.print(f"Not available: {name}: {reason}", highlight=False)
    for missing in report.missing:
        console.print(f"Missing: {missing}", highlight=False)


def headline(report: PrecisionReport) -> Text:
    """Return what was examined, how many values, and against what."""
    what = (
        f"tensor {report.source} {list(report.shape) or ''}".rstrip()
        if report.source
        else f"{counted(report.samples, 'sample')} per sweep"
    )
    elements = sum(cell.exactness.elements for cell in report.cells)
    return Text(
        f"Precision of {what}, seed {report.seed}: {elements:,} values in {len(report.cells):,} classes × legs, "
        f"{report.seconds:.1f} s. Live instance: {instance_label(report)}. {report.started}."
    )


def instance_label(report: PrecisionReport) -> str:
    """The live instance's kind and version, "none (offline)" where there was none."""
    if not report.instance:
        return "none (offline)"
    return f"{report.instance.get('kind')} ({report.instance.get('version')})"


def class_table(report: PrecisionReport, dtype: str) -> tuple[Table, str]:
    """One dtype's table, and a sentence on what is exact throughout and therefore not in it.

    Rows are codecs and where they were looked at, columns classes of values. Codecs with equal rows share one, and so
    do classes with equal columns.
    """
    cells = [cell for cell in _shown(report) if cell.dtype == dtype]
    classes = list(dict.fromkeys(cell.value_class for cell in cells))
    texts: dict[str, dict[str, dict[str, str]]] = {}  # codec -> where -> class -> text
    for cell in cells:
        places = texts.setdefault(codec_label(cell), {})
        places.setdefault(_WHERE[cell.place, cell.leg], {})[cell.value_class] = cell_text(cell)
    exact: dict[str, list[str]] = {}
    rows: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}  # (places, texts) -> codecs
    for codec, by_place in texts.items():
        lines: dict[tuple[str, ...], list[str]] = {}
        for where, by_class in by_place.items():
            lines.setdefault(tuple(by_class.get(name, "not measured") for name in classes), []).append(where)
        for line, alike in lines.items():
            if set(line) == {"exact"}:
                exact.setdefault(", ".join(alike), []).append(codec)
            else:
                rows.setdefault((tuple(alike), line), []).append(codec)
    columns: dict[tuple[str, ...], list[str]] = {}
    for i, name in enumerate(classes):
        columns.setdefault(tuple(line[i] for _, line in rows), []).append(name)
    headings = (_heading(names, len(classes)) for names in columns.values())
    table = Table("codec", "where", *headings, title=dtype, title_justify="left", box=box.SIMPLE_HEAD)
    for row, ((wheres, _), codecs) in enumerate(rows.items()):
        table.add_row("\n".join(codecs), "\n".join(wheres), *(column[row] for column in columns))
    kept = "; ".join(f"{', '.join(codecs)} ({where})" for where, codecs in exact.items())
    return table, f"Exact in every class: {kept}." if kept else ""


def _heading(names: list[str], classes: int) -> str:
    return "every class" if len(names) == classes > 1 else ",\n".join(names)


def _shown(report: PrecisionReport) -> Iterator[PrecisionCell]:
    for cell in report.cells:
        if cell.place == "live" or cell.leg == "both" or not report.instance:
            yield cell


def cell_text(cell: PrecisionCell) -> str:
    """A cell in words: ``exact``, or every alteration with its share, one a line."""
    if not cell.alterations:
        return "exact"
    lines = []
    for a in cell.alterations:
        text = a.verdict
        if a.elements < cell.exactness.elements:
            text += f" {share_text(a.elements, cell.exactness.elements)}"
        if a.verdict == "rounded":
            text += f", ≤ {cell.exactness.worst_ulp:,} ULP"
        if a.verdict != "rejected" and not a.silent:
            text += " (warned)"
        lines.append(text)
    return "\n".join(lines)


def share_text(part: int, whole: int) -> str:
    """``18.2 %``, or ``3 of 50`` where a percentage would pretend or round to none or all."""
    percent = f"{100 * part / whole:.1f} %"
    counted = whole < COUNTED_BELOW or percent in ("0.0 %", "100.0 %")
    return f"{part:,} of {whole:,}" if counted else percent


def elements_table(cells: Iterable[PrecisionCell]) -> Table:
    """For a user's tensor: per codec and place how many elements change, how far, and where the first one is.

    One refused element is enough for the tensor to be refused as it is. Codecs that are alike share a row.
    """
    headings = ("codec", "where", "sent whole", "elements changed", "of them silent", "worst ULP", "first at")
    table = Table(*headings, box=box.SIMPLE_HEAD)
    groups: dict[tuple[str, str], list[PrecisionCell]] = {}
    for cell in cells:
        groups.setdefault((codec_label(cell), _WHERE[cell.place, cell.leg]), []).append(cell)
    rows: dict[tuple[str, ...], list[str]] = {}
    for (codec, where), mine in groups.items():
        altered = [a for cell in mine for a in cell.alterations]
        total, silent = sum(a.elements for a in altered), sum(a.elements for a in altered if a.silent)
        places = [e.where for a in altered for e in a.examples]
        row = (
            where,
            "refused" if any(a.verdict == "rejected" for a in altered) else "arrives",
            f"{total:,} of {sum(cell.exactness.elements for cell in mine):,}",
            f"{silent:,}",
            f"{max(cell.exactness.worst_ulp for cell in mine):,}",
            str(list(min(places))) if places else "",
        )
        rows.setdefault(row, []).append(codec)
    for figures, codecs in rows.items():
        table.add_row(", ".join(codecs), *figures)
    return table


def _print_finding(report: PrecisionReport, finding: Finding, console: Console, examples: int) -> None:
    console.print(Text("• " + statement(finding, report)))
    whole = {share.value_class for share in finding.shares if share.altered == share.elements}
    printed: Counter[str] = Counter()
    for name, example in finding.examples:
        if finding.verdict == "rejected" and name in whole:
            # Where a whole class is refused, any value is as good an example; and so are a few classes for many.
            wanted = min(examples, 1) if len(printed) < examples or name in printed else 0
        else:
            wanted = examples
        if printed[name] < wanted:
            printed[name] += 1
            console.print(Text("    " + example_text(name, example)), soft_wrap=True)


def statement(finding: Finding, report: PrecisionReport) -> str:
    """A finding as a sentence: who, what, how much of what, through which codecs, and what they said."""
    manner = "" if finding.verdict == "rejected" else ", silently" if finding.silent else ", with a warning"
    classes = {cell.value_class for cell in report.cells if cell.dtype == finding.dtype}
    codecs: dict[str, list[str]] = {}
    for codec, said in zip(finding.codecs, finding.said, strict=True):
        codecs.setdefault(shortened(said), []).append(codec)
    through = "; ".join(f"{', '.join(names)}{said and ': '}{said}" for said, names in codecs.items())
    who = culprit_text(finding, instance_name(report))
    return f"{who}: {finding.verdict} {_befallen(finding.shares, len(classes))}{manner} [{through}]"


def instance_name(report: PrecisionReport) -> str:
    """The live instance in a sentence, also where a report does not say which it was."""
    return server_name(report.instance or {"kind": ""})


def culprit_text(finding: Finding, instance: str) -> str:
    """Who altered the values: the server's half of a leg, or the codec, which does the same with no server."""
    if finding.culprit == "codec":
        half = {"request": "the codec itself, encoding", "response": "the codec itself, on the way back"}
        return half.get(finding.leg, "the codec itself")
    if finding.transport == "rest" and finding.leg != "both":
        return f"the JSON {'parser' if finding.leg == 'request' else 'writer'} of {instance}, not the client"
    way = {"request": " on the way there", "response": " on the way back"}.get(finding.leg, "")
    return f"{instance}{way}, not the client"


def _befallen(shares: tuple[Share, ...], classes: int) -> str:
    whole = all(share.altered == share.elements for share in shares)
    if whole and len(shares) == classes:
        text = "every value"
    elif whole:
        text = "all of " + ", ".join(share.value_class for share in shares)
    else:
        text = ", ".join(_share_of_class(share) for share in shares)
    worst = max(share.worst_ulp for share in shares)
    nearest = min(share.nearest_ulp for share in shares)
    return (
        text if not worst else f"{text} by {nearest:,}–{worst:,} ULP" if worst > nearest else f"{text} by {worst:,} ULP"
    )


def _share_of_class(share: Share) -> str:
    part = "all" if share.altered == share.elements else share_text(share.altered, share.elements)
    return f"{part} of {share.value_class}"


def example_text(value_class: str, example: Example) -> str:
    """One value: class, place, bits and decimal of what was sent and of what came back."""
    sent = f"{value_class} {list(example.where)}: {example.sent_bits} {example.sent}"
    if not example.received:
        return f"{sent} → rejected"
    steps = f" ({example.ulp:,} ULP)" if example.ulp else ""
    return f"{sent} → {example.received_bits} {example.received}{steps}"


def shortened(text: str) -> str:
    """An error on one line, without the address that was called, and cut to what a table bears."""
    line = _ADDRESSED.sub("", " ".join(text.split()))
    return line if len(line) <= SHOWN_ERROR else f"{line[:SHOWN_ERROR]}…"
