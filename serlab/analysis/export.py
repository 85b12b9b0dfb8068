"""A run as rows for other programs: one per case and call, or one per sample. Times are seconds, sizes bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

from serlab.analysis.endtoend import sum_up
from serlab.analysis.view import RunView
from serlab.records.run import Interval
from serlab.records.run_data import RunData

What = Literal["cases", "samples", "calls"]
WHAT: tuple[What, ...] = get_args(What)

Row = dict[str, Any]


def rows(data: RunData, what: What) -> list[Row]:
    """Return rows of equal columns: ``cases`` with their intervals, timed ``samples``, or single end-to-end ``calls``.

    A case of op ``call`` is an end-to-end call. What was not measured is None.
    """
    return list({"cases": _cases, "samples": _samples, "calls": _calls}[what](data))


def _cases(data: RunData) -> Iterator[Row]:
    view = RunView(data)
    for case in view.cases():
        profile, exactness = view.memory.get(case), view.exactness(case.payload, case.codec)
        yield {
            **_names(data, case.payload, case.codec, case.op, case.form),
            **_interval("time_s", view.time(case)),
            **_interval("ratio_to_raw", view.ratio_to_raw(case)),
            "body_bytes": view.body_bytes(case),
            "peak_bytes": profile.peak_bytes if profile else None,
            "allocated_bytes": profile.allocated_bytes if profile else None,
            "exact": exactness.exact if exactness else None,
            "failure": exactness.failure if exactness else "",
        }
    for (payload, codec), clients in view.clients.items():
        whole, exactness = sum_up(clients), view.exactness(payload, codec)
        yield {
            **_names(data, payload, codec, "call", None),
            **_interval("time_s", whole.median_s),
            **_interval("ratio_to_raw", None),
            "body_bytes": clients[0].request_bytes + clients[0].response_bytes,
            "peak_bytes": None,
            "allocated_bytes": None,
            "exact": exactness.exact if exactness else None,
            "failure": next((client.error for client in clients if client.error), ""),
        }


def _samples(data: RunData) -> Iterator[Row]:
    for run in data.runs:
        names = _names(data, run.case.payload, run.case.codec, run.case.op, run.case.form)
        for number, value in enumerate(run.values_s):
            yield {**names, "round": run.round, "sample": number, "loops": run.loops, "value_s": value}


def _calls(data: RunData) -> Iterator[Row]:
    for run in data.endtoend:
        names = _names(data, run.payload, run.codec, "call", run.form)
        for number, call in enumerate(run.calls):
            yield {
                **names, "round": run.round, "sample": number, "encode_s": call.encode_s, "exchange_s": call.exchange_s,
                "decode_s": call.decode_s, "total_s": call.total_s,
            }  # fmt: skip


def _names(data: RunData, payload: str, codec: str, op: str, form: str | None) -> Row:
    return {"run": data.info.name, "payload": payload, "codec": codec, "op": op, "form": form}


def _interval(name: str, value: Interval | None) -> Row:
    return {
        name: value.median if value else None,
        f"{name}_low": value.low if value else None,
        f"{name}_high": value.high if value else None,
        f"{name}_processes": value.runs if value else None,
    }
