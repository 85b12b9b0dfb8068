"""Laws and predictions on the terminal: what a law says, what it makes of a run, how far a server follows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from serlab.analysis.laws.link import Crossover, LinkCall, ranked
from serlab.analysis.words import counted
from serlab.records.law import CodecLaw, Law, Line, RouteLaw
from serlab.records.prediction import Agreement, Order, Prediction, Predictions
from serlab.report import units
from serlab.report.tables.console import plain_table

if TYPE_CHECKING:
    from rich.console import Console


#: Pairs of codecs that are named where the order differs; the others are counted.
_NAMED = 3


def print_predictions(found: Predictions, console: Console) -> None:
    """Print the predicted answer, where the order of codecs differs, every prediction, and how well they agree."""
    if not found.predictions:
        for text in found.remarks:
            console.print(f"no prediction: {text}")
        return
    console.print("\n" + headline(found))
    for line in (*answers(found), *order_lines(found)):
        console.print(f"  {line}")
    console.print(_table(found))
    for text in (*agreement_lines(found), *found.remarks):
        console.print(text)


def headline(found: Predictions) -> str:
    """Say whose times these are."""
    if found.own:
        return f"predicted by law {found.law}, beside what was measured"
    carried = f", carried to this machine by yardsticks (±{_two_sigma(found)})" if found.factors else ""
    return f"predicted for {found.server} by law {found.law}{carried}; measured on the instance above"


def answers(found: Predictions) -> list[str]:
    """Name the predicted fastest codec of each payload, with the measured one beneath."""
    lines = []
    for order in found.orders:
        best, fastest = found.of(order.payload, order.predicted), found.of(order.payload, order.measured)
        if best:
            lines.append(f"{order.payload}: {best.codec} is predicted to be fastest, {_interval(best)}")
        if fastest:
            lines.append(f"  measured here: {fastest.codec}, {units.seconds(fastest.measured_s)}")
    return lines


def order_lines(found: Predictions) -> list[str]:
    """Say which codecs change places between prediction and measurement, if any."""
    return [text for order in found.orders if (text := _order_line(order))]


def agreement_lines(found: Predictions) -> list[str]:
    """Say how predictions and measured calls agree; between two different servers there is nothing to agree."""
    told: list[tuple[str, Agreement | None]] = [("codecs left out one at a time", found.left_out)]
    if found.own:
        told.insert(0, (f"law {found.law}", found.agreement))
    return [f"{what}: {_agreement(how)}" for what, how in told if how]


def print_link(
    title: str, calls: Sequence[LinkCall], crossovers: Sequence[Crossover], console: Console, *, most: int = 6
) -> None:
    """Print each payload's calls over a link, fastest first, and where two of them change places."""
    for payload in dict.fromkeys(call.payload for call in calls):
        table = plain_table(f"{payload} over {title}", ("codec", "predicted", "request", "response"))
        for call in ranked([call for call in calls if call.payload == payload])[:most]:
            sizes = units.size(call.request_bytes), units.size(call.response_bytes)
            table.add_row(call.label, units.seconds(call.total_s), *sizes)
        console.print(table)
        for found in crossovers:
            if found.payload == payload:
                rate = f"{found.bits_per_s / 1e6:,.3g} Mbit/s"
                console.print(f"below {rate} {found.smaller} beats {found.cheaper} by its smaller bodies")


def _table(found: Predictions) -> object:
    measured = any(p.measured_s for p in found.predictions)
    columns = ["call", "encode", "exchange", "decode", "predicted [95 %]"]
    if measured:
        columns += ["measured", "measured ÷ predicted", "why"]
    table = plain_table("", columns, words=("why",))
    for p in found.predictions:
        mark = "" if p.covered else " (beyond the law's sizes)"
        cells = [f"{p.payload} {p.codec}{mark}", units.seconds(p.encode_s), units.seconds(p.exchange_s + p.model_s)]
        cells += [units.seconds(p.decode_s), _interval(p)]
        if measured:
            ratio = None if p.residual is None else 1 + p.residual
            cells += [units.seconds(p.measured_s), units.ratio(ratio), p.meaning if found.own else ""]
        table.add_row(*cells)
    return table


def _interval(prediction: Prediction) -> str:
    total = prediction.total_s
    return f"{units.seconds(total.median)} [{units.seconds(total.low)}, {units.seconds(total.high)}]"


def _order_line(order: Order) -> str:
    if not order.swapped:
        return ""
    named = "; ".join(f"{first} before {second}" for first, second in order.swapped[:_NAMED])
    more = f", and {len(order.swapped) - _NAMED} pairs more" if len(order.swapped) > _NAMED else ""
    return f"{order.payload}: the order of codecs differs: predicted {named}, measured the other way round{more}"


def _agreement(how: Agreement) -> str:
    slope = f", slope of measured over predicted {how.slope:.2f}" if how.slope is not None else ""
    return (
        f"median error {units.percent(how.median_error)}, {units.percent(how.within_30_percent)} of {how.cases} calls "
        f"within 30 %, worst {units.percent(how.worst_error)}{slope}"
    )


def _two_sigma(found: Predictions) -> str:
    return units.percent(2 * found.scaling_spread)


def print_law(law: Law, console: Console) -> None:
    """Print everything a law says."""
    console.print(f"law {law.name}: {law.version} ({law.kind}), measured {law.measured}")
    points = len(law.points) + sum(len(codec.points) for codec in law.codecs)
    console.print(
        f"on {law.machine.cpu_model}, {counted(law.machine.cores, 'core')}; {counted(points, 'point')}; {law.source}"
    )
    columns = ("route", "floor", "ns per request byte", "ns per response byte", "error, median", "left out", "holds")
    table = plain_table("", columns)
    for route in law.routes:
        table.add_row(*_route(route))
    if law.routes:
        console.print(table)
    for codec in law.codecs:
        console.print(_codec(codec))
    for route in law.routes:
        for text in route.remarks:
            console.print(f"{route.route}: {text}")
    for text in law.remarks:
        console.print(text)
    if law.yardsticks:
        sticks = ", ".join(f"{name} {units.seconds(stick.seconds)}" for name, stick in sorted(law.yardsticks.items()))
        console.print(f"yardsticks: {sticks}")


def _route(law: RouteLaw) -> tuple[str, ...]:
    errors = units.percent(law.errors.median), units.percent(law.errors.left_out_median)
    lines = _rates(law.request, "B"), _rates(law.response, "B")
    return (law.route, units.seconds(law.floor_s), *lines, *errors, "yes" if law.holds else "NO")


def _codec(law: CodecLaw) -> str:
    form = f" ({law.form})" if law.form else ""
    error = units.percent(law.errors.left_out_median)
    return (
        f"{law.codec} {law.op}{form}, {law.dtype}, {law.client} client: {units.seconds(law.floor_s)} + "
        f"{_rates(law.line)} ns per element; left-out error {error}"
    )


def _rates(line: Line, unit: str = "") -> str:
    """Write each piece's rate in ns, with where the next piece begins: ``6.74 | 64.0 KiB: 8.59``."""
    ends = [units.size(end) if unit == "B" else f"{end:,}" for end in line.breaks]
    shown = [f"{1e9 * rate:.3g}" for rate in line.rates]
    return " | ".join([shown[0], *(f"{end}: {rate}" for end, rate in zip(ends, shown[1:], strict=True))])
