"""What a gateway adds, on the terminal."""

from __future__ import annotations

from rich.console import Console

from serlab.analysis.gateway import gateway_costs
from serlab.record import Interval, RunInfo
from serlab.record_gateway import GatewayReport
from serlab.report import units
from serlab.report.origin import plain_table, print_origin


def print_gateway(report: GatewayReport, info: RunInfo, console: Console) -> None:
    """Print the same calls direct and through the gateway, and the difference."""
    print_origin(report.instance, info, console)
    columns = ("call", "direct", "through", "added [95 %]", "through ÷ direct [95 %]", "gateway CPU")
    table = plain_table(f"direct and through {report.gateway}, one call in flight", columns)
    for cost in gateway_costs(report):
        table.add_row(
            f"{cost.payload} {cost.codec} ({cost.transport})",
            units.seconds_interval(cost.direct_s),
            units.seconds_interval(cost.through_s),
            _added(cost.added_s),
            units.ratio_interval(cost.ratio),
            units.seconds(cost.gateway_cpu_s),
        )
    console.print(table)
    for cost in gateway_costs(report):
        for error in cost.errors:
            console.print(f"{cost.payload} {cost.codec}: {error}")


def _added(value: Interval | None) -> str:
    if value is None:
        return units.NOT_MEASURED
    if value.runs < 2:
        return f"{units.seconds(value.median)} (1 round)"
    unclear = ": too close to call" if value.spans(0.0) else ""
    return f"{units.seconds(value.median)} [{units.seconds(value.low)}, {units.seconds(value.high)}]{unclear}"
