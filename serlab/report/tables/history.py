"""A history on the terminal, as JSON, and as a page that opens offline."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serlab.analysis.history import History, Point, Step
from serlab.records.files import replace_file
from serlab.records.run import Case
from serlab.report import units
from serlab.report.tables.console import plain_table

if TYPE_CHECKING:
    from rich.console import Console

_COLUMNS = ("case", "runs", "first", "newest", "÷ raw, first", "÷ raw, newest", "course")
_BLOCKS = "▁▂▃▄▅▆▇█"


def print_history(found: History, console: Console) -> None:
    """Print a line per case and the steps."""
    table = plain_table("", _COLUMNS, words=("course",))
    for case, points in found.points.items():
        table.add_row(*_row(case, points))
    console.print(table)
    console.print()
    for line in step_lines(found.steps):
        console.print(line)


def as_document(found: History) -> dict[str, Any]:
    """Return the history as JSON types; costs are seconds per call."""
    cases = [
        {**asdict(case), "id": case.id, "points": [asdict(point) for point in points]}
        for case, points in found.points.items()
    ]
    return {"cases": cases, "steps": [{**asdict(step), "change": step.change} for step in found.steps]}


def step_lines(steps: Sequence[Step]) -> list[str]:
    """Return a sentence per step, the largest first."""
    if not steps:
        return ["no case took a step"]
    return [
        f"{step.case.id}: {100 * step.change:+.1f} % from {step.run}"
        + (f" (commit {step.commit[:12]})" if step.commit else "")
        + ("" if step.borne_out else ", in the newest run only")
        for step in steps
    ]


def write_page(found: History, path: Path) -> None:
    """Write the history as one page without scripts. Names come from others' files: they are escaped."""
    rows = [_row(case, points) for case, points in found.points.items()]
    body = "\n".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f"<th>{html.escape(title)}</th>" for title in _COLUMNS)
    listed = "\n".join(f"<li>{html.escape(line)}</li>" for line in step_lines(found.steps))
    drawn = "\n".join(_charts(found))
    replace_file(path, f"{_HEAD}<ul>{listed}</ul>{drawn}<table><tr>{head}</tr>{body}</table></body></html>".encode())


def _charts(found: History) -> Iterator[str]:
    """Yield a chart per op and payload: each codec's ratio to the floor from run to run."""
    import altair as alt

    from serlab.report.plots.lines import Line, chart
    from serlab.report.svg import to_svg

    drawn: dict[str, list[Line]] = {}
    for case, points in found.points.items():
        if ratios := [point.to_floor for point in points if point.to_floor is not None]:
            label = f"{case.codec} {case.form}" if case.form else case.codec
            line = Line(case.codec, label, tuple((number + 1, ratio, "") for number, ratio in enumerate(ratios)))
            drawn.setdefault(f"{case.op} {case.payload}", []).append(line)
    x = alt.X("x:Q", title="run, oldest first", axis=alt.Axis(tickMinStep=1), scale=alt.Scale(zero=False))
    y = alt.Y("y:Q", title="÷ raw", scale=alt.Scale(type="log"))
    for title, lines in drawn.items():
        yield to_svg(chart(lines, x, y), title=title, origin="time per call ÷ that of one copy, in the same run")


def course(values: Sequence[float]) -> str:
    """Return values as a line of blocks, from the lowest to the highest."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(_BLOCKS[round((value - low) / span * (len(_BLOCKS) - 1))] for value in values)


def _row(case: Case, points: Sequence[Point]) -> tuple[str, ...]:
    ratios = [point.to_floor for point in points if point.to_floor is not None]
    return (
        case.id,
        str(len(points)),
        units.seconds(points[0].cost.median),
        units.seconds(points[-1].cost.median),
        units.ratio(ratios[0] if ratios else None),
        units.ratio(ratios[-1] if ratios else None),
        course(ratios or [point.cost.median for point in points]),
    )


_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>serlab: history</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem;color-scheme:light dark}
table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:right}td:first-child,th:first-child{text-align:left}
</style></head><body><h1>History</h1>
"""
