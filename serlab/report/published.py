"""Several runs on one page: machines and servers side by side, to be filtered, linked to, and measured again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from serlab.analysis.stats import FEWEST
from serlab.analysis.words import counted
from serlab.records.published import Published, PublishedCall
from serlab.records.run import Interval
from serlab.report import origin, sentences, units
from serlab.report.blocks import Block, Cell, Column, Figure, Filter, Note, Panel, Section, Table, Tone, columns, words
from serlab.report.page import Page, as_data, render_page
from serlab.report.plots import theme
from serlab.report.plots.forms import Dot, Series, log_dots

#: How runs are drawn, in their order; more runs than looks share them, and their rows' names tell them apart.
_LOOKS = (
    Series(theme.BLUE), Series(theme.VERMILLION, "square"), Series(theme.GREEN, "diamond"),
    Series(theme.PURPLE, "triangle-up"), Series(theme.GOLD, "triangle-down"), Series(theme.SKY, "cross"),
)  # fmt: skip
#: Runs whose times are drawn; the table has all.
DRAWN = len(_LOOKS)
#: The table of runs; its rows are where a figure's origin is linked to.
RUNS = "runs-table"


@dataclass(frozen=True, slots=True)
class Entry:
    """A published run with the files that go with it: links relative to the page, "" where there is none."""

    run: Published
    summary: str = ""
    page: str = ""

    @property
    def server(self) -> str:
        """The server that was called, marked where it is the lab's own."""
        return origin.marked_instance(self.run.instance)

    @property
    def label(self) -> str:
        """How plots and columns call it: the server's kind and the day."""
        kind = str(self.run.instance.get("kind", "no server"))
        names = {"binary": "TensorFlow Serving", "docker": "TensorFlow Serving (docker)"}
        return f"{names.get(kind, kind)}, {self.run.run.started[:10]}"


@dataclass(frozen=True, slots=True)
class Several:
    """The origin of figures that are of several runs."""

    name: str
    instance_line: str
    machine_line: str


def render(entries: Sequence[Entry], *, heading: str = "What payloads cost, on several servers and machines") -> str:
    """Return the page. Names and texts of the runs appear as text, whatever is in them."""
    names = _names(entries)
    servers = sentences.listing(list(dict.fromkeys(entry.server for entry in entries)))
    machines = sentences.listing(list(dict.fromkeys(_machine(entry) for entry in entries)))
    several = Several(counted(len(entries), "run"), servers, machines)
    sections = (*_changes(entries, names), _calls(entries, names), _runs(entries, names))
    facts = (("runs", str(len(entries))), ("servers", servers), ("machines", machines))
    return render_page(several, Page("runs", "serlab: published runs", heading, sections, facts, data=as_data(None)))


def _machine(entry: Entry) -> str:
    return f"{entry.run.run.machine.cpu_model}, {entry.run.run.machine.cores} cores"


def _names(entries: Sequence[Entry]) -> list[str]:
    """Return a name per run that no other has."""
    labels = [entry.label for entry in entries]
    return [f"{label} ({i + 1})" if labels.count(label) > 1 else label for i, label in enumerate(labels)]


def _calls(entries: Sequence[Entry], names: Sequence[str]) -> Section:
    panels = tuple(_panels(entries[:DRAWN], names))
    blocks: list[Block] = []
    if panels:
        reading = "Median time of a call; further left is faster, and the scale is logarithmic. A row is a codec."
        blocks.append(Figure("calls-figure", "Whole calls, side by side", reading, panels))
    blocks += [Filter("calls-table", ("server", "payload", "codec")), _table(entries, names)]
    return Section("calls", "Whole calls", tuple(_said(entries, names)), tuple(blocks), folded=False)


def _said(entries: Sequence[Entry], names: Sequence[str]) -> Iterator[str]:
    """Tell each run's fastest exact codec for the largest payload that all runs have, else for its own largest."""
    common = set.intersection(*({call.payload for call in entry.run.endtoend} for entry in entries))
    for entry, name in zip(entries, names, strict=True):
        sizes = {one.name: one.raw_bytes for one in entry.run.run.payloads}
        called = [call for call in entry.run.endtoend if call.total_s.p50 and (not common or call.payload in common)]
        if not called:
            yield f"{name}: no server was called."
            continue
        payload = max(called, key=lambda call: sizes.get(call.payload, 0)).payload
        here = [call for call in called if call.payload == payload]
        best = min(here, key=lambda call: (not call.exact, call.total_s.p50 or 0.0))
        slow = max(here, key=lambda call: call.total_s.p50 or 0.0)
        yield (
            f"{name}: {payload} takes {_time(best)} with {best.codec} over {sentences.transport(best.transport)}, the "
            f"fastest{' that returns the same bits' if best.exact else ''}, and {_time(slow)} with {slow.codec}, the "
            "slowest."
        )


def _interval(call: PublishedCall) -> Interval | None:
    total = call.total_s
    if total.p50 is None:
        return None
    low, high = (bound if bound is not None else total.p50 for bound in (total.low, total.high))
    return Interval(total.p50, min(low, total.p50), max(high, total.p50), call.clients, is_range=call.clients < FEWEST)


def _time(call: PublishedCall) -> str:
    value = _interval(call)
    return sentences.time(value) if value else units.NOT_MEASURED


def _panels(entries: Sequence[Entry], names: Sequence[str]) -> Iterator[Panel]:
    series = dict(zip(names, _LOOKS, strict=False))
    payloads = dict.fromkeys(call.payload for entry in entries for call in entry.run.endtoend)
    for number, payload in enumerate(payloads):
        dots = [
            Dot(call.codec, name, value, f"{name}, {call.codec}: {sentences.time(value)}")
            for entry, name in zip(entries, names, strict=False)
            for call in entry.run.endtoend
            if call.payload == payload and (value := _interval(call))
        ]
        if dots:
            order = list(dict.fromkeys(dot.row for dot in sorted(dots, key=lambda dot: dot.at.median)))
            yield Panel(
                f"calls-{number}",
                payload,
                f"Median time of a call with {payload} for each codec, on {sentences.listing(list(names))}.",
                theme.panel(
                    log_dots(dots, series, order, title="time of a call"), height=theme.rows_height(len(order))
                ),
            )


def _table(entries: Sequence[Entry], names: Sequence[str]) -> Table:
    lines = []
    for number, (entry, name) in enumerate(zip(entries, names, strict=True), start=1):
        peaks = {(case.payload, case.codec): case.peak_ratio for case in entry.run.cases if case.op == "encode"}
        for call in entry.run.endtoend:
            value = _interval(call)
            peak = peaks.get((call.payload, call.codec))
            failed = f"FAILED: {call.errors[0][:80]}" if call.errors and not call.calls else ""
            lines.append(
                (
                    Cell(name, href=f"#{RUNS}-{number}"),
                    Cell(call.payload),
                    Cell(call.codec),
                    Cell(sentences.transport(call.transport)),
                    Cell(failed or _time(call), value.median if value else None, tone="bad" if failed else "plain"),
                    Cell(units.seconds(call.encode_s), call.encode_s),
                    Cell(units.seconds(call.exchange_s), call.exchange_s),
                    Cell(units.seconds(call.decode_s), call.decode_s),
                    Cell(units.size(call.request_bytes or None), call.request_bytes),
                    Cell(units.ratio(peak), peak),
                    Cell("exact" if call.exact else "ALTERS" if call.exact is False else "not checked",
                         tone="good" if call.exact else "bad"),
                )
            )  # fmt: skip
    titles = ("server", "payload", "codec", "over", "p50 of a call", "encode", "send + server + receive", "decode",
              "request", "peak of encode ÷ tensor", "values")  # fmt: skip
    caption = (
        "Every payload and codec on every server. A row is measured again by the command of its run, to which the "
        "server's name leads, with its --payload and --codec"
    )
    return Table("calls-table", caption, columns(*titles, text=4), tuple(lines), linked=True)


def _changes(entries: Sequence[Entry], names: Sequence[str]) -> Iterator[Section]:
    """Hold two runs against each other: the second's time ÷ the first's."""
    if len(entries) != 2:
        return
    base, head = ({(call.payload, call.codec): call for call in entry.run.endtoend} for entry in entries)
    lines, verdicts = [], dict.fromkeys(_TONES, 0)
    for key in base.keys() & head.keys():
        was, now = _interval(base[key]), _interval(head[key])
        if was is None or now is None:
            continue
        fewest = min(was.runs, now.runs)
        bounds = now.low / was.high, now.high / was.low
        ratio = Interval(now.median / was.median, *bounds, fewest, is_range=was.is_range or now.is_range)
        verdict = "no verdict" if ratio.is_range else "too close to call"
        verdict = "faster" if ratio.below(1) else "slower" if ratio.above(1) else verdict
        verdicts[verdict] += 1
        cells = (Cell(units.ratio_interval(ratio), ratio.median), Cell(verdict, tone=_TONES[verdict]))
        times = (Cell(sentences.time(value), value.median) for value in (was, now))
        lines.append((Cell(key[0]), Cell(key[1]), *times, *cells))
    if not lines:
        return
    order = list(dict.fromkeys(call.payload for call in entries[0].run.endtoend))
    lines.sort(key=lambda line: (order.index(line[0].text), line[3].sort or 0.0))
    said = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items() if count)
    caption = f"Time of a call on {names[1]} ÷ on {names[0]}: their intervals held together"
    titles = ("payload", "codec", names[0], names[1], "second ÷ first", "verdict")
    table = Table("changes-table", caption, columns(*titles, text=2), tuple(lines))
    first = f"From {names[0]} to {names[1]}: {said}."
    yield Section("changes", "Side by side", (first,), (table,), folded=False)


_TONES: Mapping[str, Tone] = {"faster": "good", "slower": "bad", "too close to call": "muted", "no verdict": "muted"}


def _runs(entries: Sequence[Entry], names: Sequence[str]) -> Section:
    rows = []
    libraries = []
    for entry, name in zip(entries, names, strict=True):
        run = entry.run.run
        own = Cell("page", href=entry.page) if entry.page else Cell("–", tone="muted")
        data = Cell("JSON", href=entry.summary) if entry.summary else Cell("–", tone="muted")
        started, rounds = run.started[:16].replace("T", " "), origin.rounds_text(run.rounds) or "–"
        told = (name, run.command, entry.server, _machine(entry), started, rounds, run.git_commit or "unknown")
        rows.append((*words(*told), own, data))
        known = sentences.listing([f"{library} {version}" for library, version in run.versions.items()])
        libraries.append(f"{name}: {known or 'not recorded'}.")
    titles = ("run", "to measure it again", "server", "machine", "started (UTC)", "rounds", "serlab's commit", "report",
              "summary")  # fmt: skip
    table = Table(RUNS, "The runs on this page", tuple(Column(title, numeric=False) for title in titles), tuple(rows),
                  linked=True)  # fmt: skip
    said = "How each figure can be measured again: the command, the commit, the libraries, the record."
    blocks = (table, Note(tuple(libraries), "Libraries of each run", folded=True))
    return Section("runs", "Where this comes from", (said,), blocks, folded=False)
