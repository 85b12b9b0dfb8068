"""The claims and their verdicts, on the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from serlab.records.claims import NOT_TESTABLE, REPRODUCED, ClaimResult, ClaimsReport, Quantity, real_server_claims
from serlab.records.run import Interval, RunInfo
from serlab.report import units
from serlab.report.origin import STAND_IN, is_embedded
from serlab.report.origin import origin as origin_of
from serlab.report.tables.console import plain_table


def print_claims(report: ClaimsReport, info: RunInfo, console: Console) -> None:
    """Print a row per claim, then what stands behind each verdict."""
    console.print(origin(report, info))
    if is_embedded(report.instance):
        console.print(STAND_IN)
    table = plain_table("claims", ("claim", "claimed", "measured [95 %]", "verdict", "evidence"), left=5)
    for column in table.columns:
        column.no_wrap = column.header in ("claim", "verdict")
    for result in report.results:
        table.add_row(
            result.claim.id, result.claim.claimed, headline(result), result.judgement.verdict, result.evidence
        )
    console.print(table)
    console.print("")
    for result in report.results:
        console.print(f"{result.claim.id}: {result.claim.statement}. {_explained(result)}")


def render_markdown(report: ClaimsReport, info: RunInfo) -> str:
    """Return the page ``docs/claims.md``: the table, then each claim with everything that was measured for it."""
    return "\n".join(_markdown(report, info)) + "\n"


def headline(result: ClaimResult) -> str:
    """Return the value to hold against the claimed one and what it is of, "–" where nothing was measured.

    What either happens or does not has no value of its own: it is as claimed.
    """
    if result.judgement.measured:
        first = result.judgement.measured[0]
        return f"{value_text(first)}, {first.label}"
    return result.claim.claimed if result.judgement.verdict == REPRODUCED else units.NOT_MEASURED


def value_text(quantity: Quantity) -> str:
    """Return a value with its interval in the unit that people read it in."""
    value = quantity.value
    if quantity.unit == "s":
        return _seconds(value)
    if quantity.unit == "bytes":
        return f"{value.median:,.0f} B"
    if quantity.unit == "ratio":
        return units.ratio_interval(value) if _estimated(value) else units.ratio(value.median)
    if quantity.unit == "share":
        return f"{value.median:.1%} {units.bounds(value, '{:.1%}'.format)}"
    scale, unit = (1e-9, " Gbit/s") if quantity.unit == "bit/s" else (1.0, "/s" if quantity.unit == "1/s" else "")

    def scaled(number: float) -> str:
        return f"{scale * number:,.3g}"

    return f"{scaled(value.median)}{unit}" + (f" {units.bounds(value, scaled)}" if _estimated(value) else "")


def origin(report: ClaimsReport, info: RunInfo) -> str:
    """Say where the figures come from."""
    return origin_of(report.instance, info, report.started) + ("; quick run" if report.quick else "")


def _seconds(value: Interval) -> str:
    return units.seconds(value.median) + (f" {units.bounds(value, units.seconds)}" if _estimated(value) else "")


def _estimated(value: Interval) -> bool:
    return value.low != value.high


def _explained(result: ClaimResult) -> str:
    judgement = result.judgement
    needs = f" Needs: {judgement.needs}." if judgement.verdict == NOT_TESTABLE and judgement.needs else ""
    return f"{judgement.finding}.{needs}".replace("..", ".") if judgement.finding else needs.strip()


def _markdown(report: ClaimsReport, info: RunInfo) -> Iterator[str]:
    yield "# What people repeat about gRPC, HTTP and JSON, measured"
    yield ""
    yield "Made by `serlab claims --markdown`. " + origin(report, info) + "."
    if is_embedded(report.instance):
        yield STAND_IN
    real = real_server_claims()
    known = {result.claim.id: result for result in real.results}
    yield ""
    yield (
        f"Column of the real server: {real.instance['version']}, {real.started[:10]}, two cores. A claim that hangs "
        "on what the server takes is judged there, or by the prediction for TensorFlow Serving, never by the embedded "
        "instance's own time."
    )
    yield ""
    yield "| claim | claimed | real server [95 %] | verdict | this machine [95 %] | verdict |"
    yield "|---|---|---|---|---|---|"
    for result in report.results:
        claim, there = result.claim, known.get(result.claim.id)
        columns = [(headline(there), there.judgement.verdict) if there else (units.NOT_MEASURED, "")]
        columns.append((headline(result), result.judgement.verdict))
        cells = (claim.statement, claim.claimed, *(text for column in columns for text in column))
        yield f"| [{claim.id}](#{claim.id}): {' | '.join(map(_cell, cells))} |"
    for result in report.results:
        yield from _markdown_claim(result)


def _markdown_claim(result: ClaimResult) -> Iterator[str]:
    claim = result.claim
    yield ""
    yield f"## {claim.id}"
    yield ""
    statement = claim.statement[0].upper() + claim.statement[1:]
    yield f"{statement}. Claimed: {claim.claimed}. **{result.judgement.verdict}**."
    yield ""
    yield f"Test: {claim.test}."
    explained = _explained(result)
    if explained:
        yield ""
        yield explained[0].upper() + explained[1:]
    if result.judgement.measured:
        yield ""
        yield "| measured | value [95 %] |"
        yield "|---|---|"
        for quantity in result.judgement.measured:
            yield f"| {_cell(quantity.label)} | {value_text(quantity)} |"
    if result.evidence:
        yield ""
        yield f"Evidence: `{result.evidence}` in the run's folder."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
