"""Comparisons as tables: on the terminal, as Markdown for the comment of a pull request; what a machine can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from serlab.analysis.words import counted
from serlab.records.comparison import CaseComparison, Comparison, Rate, SelfCheck
from serlab.report import units
from serlab.report.tables.console import plain_table

if TYPE_CHECKING:
    from rich.console import Console


_HEADINGS = ("case", "HEAD ÷ BASE", "95 %", "verdict")
_EXACT = ("of", "what", "BASE", "HEAD", "")
_ORDER = {"slower": 0, "faster": 1, "no verdict": 2, "too close to call": 3, "the same": 4}


def print_comparison(found: Comparison, failures: Sequence[str], console: Console) -> None:
    """Print every case, what differs exactly, what to know of it, and what fails."""
    table = plain_table(_title(found), _HEADINGS, words=("verdict",))
    for row in _rows(found):
        table.add_row(*row)
    console.print(table)
    if found.exact:
        table = plain_table("differs exactly", _EXACT, left=2, words=("",))
        for entry in _exact_rows(found):
            table.add_row(*entry)
        console.print(table)
    console.print()
    for line in (conclusion(found), *found.notes, *(f"FAILS: {failure}" for failure in failures)):
        console.print(line)


def markdown(found: Comparison, failures: Sequence[str]) -> str:
    """Return the comparison as GitHub's Markdown: what changed first, everything else folded."""
    rows = list(zip(_sorted(found), _rows(found), strict=True))
    changed = [row for entry, row in rows if entry.differs or entry.verdict == "no verdict"]
    parts = [f"### {_escaped(_title(found))}", _escaped(conclusion(found))]
    parts += [f"**fails:** {_escaped(failure)}" for failure in failures]
    if changed:
        parts.append(_table(_HEADINGS, changed))
    if found.exact:
        parts.append(_table(_EXACT, list(_exact_rows(found))))
    everything = _table(_HEADINGS, [row for _, row in rows])
    parts.append(f"<details><summary>all {len(found.cases)} cases</summary>\n\n{everything}\n\n</details>")
    parts += [f"- {_escaped(note)}" for note in found.notes]
    return "\n\n".join(parts) + "\n"


def conclusion(found: Comparison) -> str:
    """Return how many cases got which verdict, and what the comparison could tell."""
    counts: dict[str, int] = {}
    for entry in _sorted(found):
        counts[entry.verdict] = counts.get(entry.verdict, 0) + 1
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    known = sorted(entry.resolves for entry in found.cases if entry.resolves is not None)
    reach = f"; half of them tell differences from {100 * known[len(known) // 2]:.1f} %" if known else ""
    exact = f"; {counted(len(found.exact), 'exact difference')}" if found.exact else "; nothing differs exactly"
    return f"{counted(len(found.cases), 'case')}: {told or 'none timed'}{reach}{exact}"


def _title(found: Comparison) -> str:
    return f"HEAD {found.head} against BASE {found.base}, {found.how}, {counted(found.rounds, 'round')}"


def _sorted(found: Comparison) -> list[CaseComparison]:
    return sorted(found.cases, key=lambda entry: (_ORDER[entry.verdict], entry.case.id))


def _rows(found: Comparison) -> Iterator[tuple[str, ...]]:
    for entry in _sorted(found):
        if entry.failure or entry.ratio is None:
            yield entry.case.id, units.NOT_MEASURED, "", f"no verdict: {entry.failure or 'not timed'}"
            continue
        # One ratio is of two runs' means: how many processes they have is said above the table.
        bounds = units.bounds(entry.ratio, "{:.3f}".format) if entry.ratio.runs > 1 else "no interval"
        yield entry.case.id, f"{entry.ratio.median:.3f}", bounds, _verdict(entry)


def _verdict(entry: CaseComparison) -> str:
    ratio, again = entry.ratio, f", and again in {counted(entry.again, 'more round')}" if entry.again else ""
    assert ratio is not None
    if entry.verdict == "the same":
        return f"the same within ±{100 * max(ratio.high - 1, 1 / ratio.low - 1):.1f} %"
    if entry.verdict == "too close to call" and entry.resolves is not None:
        return f"too close to call, differences from {100 * entry.resolves:.1f} % would show"
    if entry.differs:
        return f"{entry.verdict} by {100 * abs(ratio.median - 1):.1f} %{again}"
    return entry.verdict


def _exact_rows(found: Comparison) -> Iterator[tuple[str, ...]]:
    for entry in found.exact:
        yield entry.subject, entry.quantity, entry.base, entry.head, "worse" if entry.worse else "differs"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines)


def _escaped(text: str) -> str:
    """Keep names and words of others from being Markdown, HTML, a mention, or the end of a cell."""
    for character in "\\`*_[]<>|@#":
        text = text.replace(character, f"\\{character}" if character not in "<>@" else {"<": "&lt;", ">": "&gt;"}.get(
            character, "@\u200b"))  # fmt: skip
    return " ".join(text.split())


def print_selfcheck(found: SelfCheck, console: Console) -> None:
    """Print false alarms, power, and the smallest difference that each case resolves."""
    table = plain_table("the smallest difference that each case tells now", ("case", "resolves"))
    for entry in sorted(found.cases, key=lambda entry: (entry.resolves is None, entry.resolves or 0.0)):
        case = entry.case
        form = f" ({case.form})" if case.form else ""
        shown = f"{100 * entry.resolves:.1f} %" if entry.resolves is not None else units.NOT_MEASURED
        table.add_row(f"{case.payload}/{case.codec}/{case.op}{form}", shown)
    console.print(table)
    console.print()
    console.print(f"twins called different: {_rate(found.false_alarms)}, corrected over all cases")
    console.print(f"slowdowns of {100 * found.slowdown:.3g} % found: {_rate(found.power)}")
    for note in (counted(found.rounds, "round"), *found.notes):
        console.print(note)


def _rate(rate: Rate) -> str:
    share = f"{100 * rate.hits / rate.tries:.0f} %" if rate.tries else units.NOT_MEASURED
    return f"{rate.hits} of {rate.tries} ({share}, 95 % interval {100 * rate.low:.0f} to {100 * rate.high:.0f} %)"
