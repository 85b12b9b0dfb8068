"""A run on the terminal: one table per payload for encode and decode, one for calls, and the correlation in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from serlab.analysis.correlate import correlate
from serlab.analysis.endtoend import EndToEnd, sum_up_all
from serlab.analysis.stats import SAMPLE_FLOOR
from serlab.analysis.summary import timed_share
from serlab.analysis.view import RunView
from serlab.records.correlation import Correlations
from serlab.records.prediction import Predictions
from serlab.records.run import Case
from serlab.records.run_data import RunData
from serlab.report import sentences, units
from serlab.report.origin import origin as origin_text
from serlab.report.origin import origin_lines, rounds_text
from serlab.report.sentences import agreement, words
from serlab.report.tables.console import plain_table
from serlab.report.tables.predictions import print_predictions


def print_run(data: RunData, console: Console, predictions: Predictions | None = None) -> None:
    """Print everything that a run found; what TensorFlow Serving would make of it comes first."""
    view = RunView(data)
    _print_origin(data, console)
    if predictions:
        print_predictions(predictions, console)
    for payload in data.info.payloads:
        cases = [case for case in view.cases() if case.payload == payload.name]
        if cases:
            console.print(_cases_table(view, cases))
    if view.clients:
        summed = sum_up_all(view)
        console.print(_calls_table(view, summed))
        for whole in summed:
            if whole.errors:
                console.print(f"{whole.payload} {whole.codec}: {whole.errors[0]}")
    for told in agreement(data.answers):
        console.print(told)
    _print_correlation(correlate(view), console)
    _print_end(data, console)


def origin(data: RunData) -> str:
    """Say where figures come from: instance kind and version, machine, date."""
    return origin_text(data.info.instance, data.info)


def _print_origin(data: RunData, console: Console) -> None:
    info = data.info
    about = (f"run {info.name}", f"profile {info.profile}", rounds_text(info.rounds), f"seed {info.seed}")
    console.print(", ".join(filter(None, about)))
    console.print(*origin_lines(info.instance, info), sep="\n")


def _cases_table(view: RunView, cases: Sequence[Case]) -> Table:
    payload = cases[0].payload
    info = next(entry for entry in view.data.info.payloads if entry.name == payload)
    shape = "x".join(map(str, info.shape))
    table = plain_table(
        f"{payload}: {shape} {info.dtype}, {units.size(info.raw_bytes)} raw, {info.distribution}",
        ("case", "time", "÷ raw [95 %]", "body", "body ÷ raw", "peak ÷ raw", "values"),
    )
    for case in cases:
        profile, body = view.memory.get(case), view.body_bytes(case)
        table.add_row(
            f"{case.op} {case.codec}" + (f" ({case.form})" if case.form else ""),
            units.seconds_interval(view.time(case)),
            units.ratio_interval(view.ratio_to_raw(case)),
            units.size(body),
            units.ratio(body / info.raw_bytes if body else None),
            units.ratio(profile.peak_bytes / profile.raw_bytes if profile else None),
            words(view.exactness(payload, case.codec)),
        )
    return table


def _calls_table(view: RunView, calls: Iterable[EndToEnd]) -> Table:
    columns = ("call", "calls", "p50", "p90", "p99", "encode", "exchange", "decode", "left over", "request", "response",
               "client CPU", "server CPU", "values")  # fmt: skip
    table = plain_table(f"end to end, one call in flight, {origin(view.data)}", columns)
    for whole in calls:
        table.add_row(
            f"{whole.payload} {whole.codec} ({whole.transport})",
            str(whole.calls),
            units.seconds(whole.p50_s),
            _tail(whole.p90_s, 0.9),
            _tail(whole.p99_s, 0.99),
            *(units.seconds(stage) for stage in (whole.encode_s, whole.exchange_s, whole.decode_s)),
            units.seconds(whole.left_over_s),
            units.size(whole.request_bytes or None),
            units.size(whole.response_bytes or None),
            units.seconds(whole.client_cpu_s),
            units.seconds(whole.server_cpu_s),
            "FAILED" if whole.errors and not whole.calls else words(whole.exactness),
        )
    return table


def _tail(value: float | None, fraction: float) -> str:
    return units.seconds(value) if value is not None else f"needs {SAMPLE_FLOOR[fraction]} calls"


def _print_correlation(found: Correlations, console: Console) -> None:
    if not found.points:
        return
    console.print("\nisolated (encode + decode) against end to end")
    for fit in found.fits:
        console.print(f"  {fit.scope}: {sentences.relation(fit)}")
    if told := sentences.in_call(found.in_call):
        console.print(f"  {told}")
    columns = ("call", "isolated", "end to end", "explained [95 %]", "encode in situ ÷ isolated", "decode")
    table = plain_table("", columns)
    for point in found.points:
        table.add_row(
            f"{point.payload} {point.codec}",
            units.seconds(point.isolated_s.median),
            units.seconds(point.end_to_end_s.median),
            sentences.share(point.share),
            units.ratio(point.encode_in_situ_ratio),
            units.ratio(point.decode_in_situ_ratio),
        )
    console.print(table)
    console.print("")
    for saving in found.savings:
        console.print(sentences.saving(saving))


def _print_end(data: RunData, console: Console) -> None:
    share = timed_share(data)
    if share is not None:
        console.print(
            f"\n{units.percent(share)} of {units.seconds(data.info.wall_s)} was spent inside timed loops and calls, "
            "warm-ups included"
        )
    for codec, reason in data.info.unavailable.items():
        console.print(f"not measured: {codec}: {reason}")
    for text in (*data.info.warnings, *data.info.missing):
        console.print(f"missing: {text}" if text in data.info.missing else f"warning: {text}")
    if not data.info.finished:
        console.print(f"this run is not finished: {data.info.next_command()}")
