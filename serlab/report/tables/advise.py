"""Advice on the terminal: the best ways and what they cost, what was not chosen and why, and the code to put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from serlab.analysis.advice import Advice
from serlab.analysis.advise import Change, Choice, Optimise, Ranking, by_reason
from serlab.records.run import Interval
from serlab.report import sentences, units
from serlab.report.tables.console import plain_table

if TYPE_CHECKING:
    from rich.console import Console

_WHAT: Mapping[Optimise, str] = {
    "latency": "least time per call",
    "throughput": "most calls per second (the busier of client and server)",
    "memory": "least memory in the client",
    "bytes": "fewest bytes on the wire",
}


def print_ranking(title: str, found: Ranking, optimise: Optimise, console: Console) -> None:
    """Print the best ways, what each costs, and what could not be told apart."""
    against = list(dict.fromkeys(name for choice in found.choices for name in choice.less_than))
    own = () if optimise == "latency" else (optimise,)
    told = (f"less than {name}" for name in against)
    columns = ("send", "p50", *own, *told, "request", "response", "values", "imports")
    table = plain_table(f"{title}: {_WHAT[optimise]}", columns, words=("values", "imports"))
    for choice in found.choices:
        way = choice.way
        cost = () if optimise == "latency" else (_cost(choice, optimise),)
        ratios = [_ratio(choice.less_than.get(name)) for name in against]
        imports = ", ".join(way.requires) or "the standard library"
        table.add_row(way.label, _p50(choice), *cost, *ratios, units.size(way.request_bytes),
                      units.size(way.response_bytes), way.exactness, imports)  # fmt: skip
    console.print(table)
    for line in ties(found.choices):
        console.print(line)
    for what, reasons in (("not what is needed", found.unfit), ("not sent", found.not_sent)):
        for labels, reason in by_reason(reasons):
            console.print(f"{what}: {labels}: {reason}")


def ties(choices: Sequence[Choice]) -> list[str]:
    """Say what is too close to call with the first choice, and what could have been told."""
    if not choices:
        return []
    first = choices[0]
    why = "too few rounds" if first.way.latency else "the laws' errors"
    lines = {
        f"no better than {first.way.label}, and no worse": [name for name, share in first.ties.items() if share == 0],
        f"too close to call with {first.way.label} (in brackets: the difference that would have been told)": [
            f"{name} ({100 * share:.0f} %)" for name, share in first.ties.items() if share
        ],
        f"cannot be told from {first.way.label}, for {why}": [
            name for name, share in first.ties.items() if share is None
        ],
    }
    return [f"{told}: {', '.join(names)}" for told, names in lines.items() if names]


def change_lines(changes: Sequence[Change]) -> list[str]:
    """Say at which sizes the answer changes, by the laws."""
    return [
        f"from {change.elements:,} elements ({units.size(change.raw_bytes)}): {change.codec} instead of {change.before}"
        for change in changes
    ]


def _ratio(found: Interval | None) -> str:
    """Return a factor, one below 1 as how much more it costs; one of sizes has no interval."""
    if found is None:
        return units.NOT_MEASURED
    more = found.below(1.0)
    if more:
        found = sentences.turned(found)
    exact = found.low == found.high and not found.is_range
    return (units.ratio(found.median) if exact else units.ratio_interval(found)) + (" more" if more else "")


def _p50(choice: Choice) -> str:
    found = choice.p50
    if choice.way.latency:
        return units.seconds_interval(found)
    return f"{units.seconds(found.median)} ({units.seconds(found.low)} to {units.seconds(found.high)})"


def _cost(choice: Choice, optimise: Optimise) -> str:
    if optimise == "throughput":
        return f"{units.per_second(1 / choice.cost)}/s" if choice.cost else units.NOT_MEASURED
    return units.size(choice.cost)


def print_advice(found: Advice, console: Console, *, with_code: bool = True) -> None:
    """Print the whole advice; it ends with what was not checked."""
    basis = f"measured on {found.where}" if found.basis == "measured" else f"predicted for {found.where}"
    title = f"{found.payload} to {found.model}, needs {found.asked.needs}, {basis}"
    print_ranking(title, found.ranking, found.asked.optimise, console)
    for line in change_lines(found.changes):
        console.print(f"{line}, by law {found.changes_by}")
    for representation, graph in found.graphs.items():
        console.print(
            f"\n{found.model} has no signature that undoes {representation}; one needs, in its graph:\n{graph}"
        )
    for remark in found.remarks:
        console.print(remark)
    if with_code and found.program:
        console.print(f"\nthe code for {found.ranking.choices[0].way.label}:\n")
        console.print(found.program, soft_wrap=True)
    if found.missing:
        console.print("failed, and therefore not weighed as the others:")
        for line in found.missing:
            console.print(f"  {line}")
    console.print("not checked:")
    for line in found.not_checked:
        console.print(f"  {line}")
