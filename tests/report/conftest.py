"""Runs as reports see them: the made-up one, one with every oddity, and a large one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import vl_convert

from serlab.records.endtoend import CallSample, EndToEndRun
from serlab.records.profiles import CpuLine, CpuProfile, CpuReport, MemoryTrack, MemoryTracks
from serlab.records.run import Case, Exactness, Form, Gate, MemoryFrame, MemoryProfile, MemoryStack, PayloadInfo, Run
from serlab.records.run_data import RunData
from serlab.report.source import Source

#: What someone's files may be called.
HOSTILE = "<script>alert(1)</script>"


def cpu_report(payload: str = "image", codec: str = "json") -> CpuReport:
    line = CpuLine("json/encoder.py", 258, "return _iterencode(o, 0) if a < b", 10.0, 30.0, 10.0, 100.0)
    profile = CpuProfile(
        Case(payload, codec, "encode"), raw_bytes=1000, calls=100, elapsed_s=2.0, python_percent=10.0,
        native_percent=30.0, system_percent=10.0, own_percent=50.0, copy_mb_s=70.0, profile="cpu/a.json", top=(line,),
    )  # fmt: skip
    return CpuReport("2026-01-02T03:04:05+00:00", "2.4.0", (profile,), ("decode/image/json: it failed",))


def memory_tracks(payload: str = "image", codec: str = "json") -> MemoryTracks:
    track = MemoryTrack(
        payload, codec, "rest", calls=7, at_s=(0.0, 0.5, 1.0), client_bytes=(10**8, 2 * 10**8, 10**8),
        server_bytes=(5 * 10**8, 6 * 10**8, 5 * 10**8), client_before_bytes=10**8, client_peak_bytes=2 * 10**8,
        server_before_bytes=5 * 10**8, server_peak_bytes=7 * 10**8,
    )  # fmt: skip
    return MemoryTracks("2026-01-02T03:04:05+00:00", "embedded (serlab 0.1.0)", (track,))


@pytest.fixture(scope="session", autouse=True)
def _charts_drawn_once() -> Iterator[None]:
    """Draw equal charts once: pages of one run differ in few of theirs, and to draw them is half of a page's time."""
    draw, drawn = vl_convert.vegalite_to_svg, dict[str, str]()

    def draw_once(specification: dict[str, Any]) -> str:
        key = json.dumps(specification, sort_keys=True)
        if key not in drawn:
            drawn[key] = draw(specification)
        return drawn[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vl_convert, "vegalite_to_svg", draw_once)
        yield


@pytest.fixture
def source(run_data: RunData, tmp_path: Path) -> Source:
    return Source(run_data, tmp_path, {"cpu": cpu_report(), "endtoend-memory": memory_tracks()})


@pytest.fixture
def make_source(tmp_path: Path) -> Callable[..., Source]:
    def make(data: RunData, **parts: object) -> Source:
        return Source(data, tmp_path, {name.replace("_", "-"): part for name, part in parts.items()})

    return make


def with_second_payload(data: RunData) -> RunData:
    """The run with a payload of ten times the size beside its own, so that there is something to scale over."""
    large = PayloadInfo("large", (1, 100), "float32", "uniform", 1, 10_000)
    further = tuple(
        Run(replace(run.case, payload="large"), run.round, 1, tuple(10 * value for value in run.values_s), run.timed_s)
        for run in data.runs
    )
    gates = (*data.info.gates, *(replace(gate, payload="large") for gate in data.info.gates))
    info = replace(data.info, payloads=(*data.info.payloads, large), gates=gates)
    return replace(data, info=info, runs=data.runs + further)


@pytest.fixture
def two_sizes(source: Source) -> Source:
    return replace(source, data=with_second_payload(source.data))


@pytest.fixture
def altering(run_data: RunData) -> RunData:
    """The made-up run, but orjson rounds a tenth of the values and tensor-proto cannot carry the payload at all."""
    found = {
        "orjson": Exactness(10, {"exact": 9, "rounded": 1}, worst_ulp=2),
        "tensor-proto": Exactness(10, {"rejected": 10}, failure="no such dtype"),
    }
    gates = tuple(
        replace(gate, exactness=found.get(gate.codec, gate.exactness)) for gate in run_data.info.gates
    )  # fmt: skip
    clients = tuple(replace(run, exactness=found.get(run.codec, run.exactness)) for run in run_data.endtoend)
    kept = tuple(run for run in run_data.runs if run.case.codec != "tensor-proto")
    memory = tuple(profile for profile in run_data.memory if profile.case.codec != "tensor-proto")
    calls = tuple(run for run in clients if run.codec != "tensor-proto")
    altered = replace(run_data, info=replace(run_data.info, gates=gates), runs=kept, memory=memory, endtoend=calls)
    return with_second_payload(altered)


@pytest.fixture
def hostile(run_data: RunData) -> RunData:
    """The made-up run with markup in every name that results may bring along."""

    def renamed(case: Case) -> Case:
        return replace(case, payload=HOSTILE, codec=_evil(case.codec))

    info = run_data.info
    return RunData(
        replace(
            info,
            name=f"{HOSTILE}/run",
            machine=replace(info.machine, name=HOSTILE, cpu_model='"><img src=x onerror=alert(1)>'),
            command=f"serlab bench --payload '@{HOSTILE}.npy'",
            payloads=(replace(info.payloads[0], name=HOSTILE),),
            codecs=tuple(_evil(codec) for codec in info.codecs),
            versions={HOSTILE: HOSTILE},
            instance={"kind": HOSTILE, "version": HOSTILE},
            missing=(HOSTILE,),
            warnings=(HOSTILE,),
            unavailable={HOSTILE: HOSTILE},
            gates=tuple(replace(gate, payload=HOSTILE, codec=_evil(gate.codec)) for gate in info.gates),
        ),
        tuple(replace(run, case=renamed(run.case)) for run in run_data.runs),
        tuple(
            replace(
                profile,
                case=renamed(profile.case),
                flamegraph="javascript:alert(1)",
                top=(MemoryFrame(HOSTILE, HOSTILE, 1, 5),),
            )
            for profile in run_data.memory
        ),
        tuple(
            replace(run, payload=HOSTILE, codec=_evil(run.codec), error=HOSTILE if run.round == 0 else "")
            for run in run_data.endtoend
        ),
    )


def _evil(codec: str) -> str:
    return codec if codec in ("json", "raw") else f'{codec}"<b onclick=x>\x1b&'


#: Name, bytes and dtype of eight payloads, and seconds per byte of ten codecs, gRPC ones last but for the floor.
PAYLOADS = (("vector-1k", 1024, "float32"), ("vector-10k", 10_240, "float32"), ("image", 602_112, "float32"),
            ("batch-16", 9_633_792, "float32"), ("batch-100", 60_211_200, "float32"), ("tokens", 32_768, "int64"),
            ("image-u8", 150_528, "uint8"), ("half", 301_056, "float16"))  # fmt: skip
PER_BYTE_S = {"json": 3e-7, "json-orjson-list": 2e-7, "orjson": 2e-8, "json-simdjson": 1e-8, "base64": 2e-9,
              "base64-simd": 1e-9, "tensor-proto": 2e-9, "tensor-proto-values": 4e-8, "wire": 1e-9,
              "raw": 1e-11}  # fmt: skip


@pytest.fixture
def large(run_data: RunData) -> RunData:
    """Eight payloads × ten codecs, measured in every way, in few rounds."""
    runs, memory, clients, gates = [], [], [], []
    for payload, size, _ in PAYLOADS:
        for codec, per_byte_s in PER_BYTE_S.items():
            forms: tuple[Form | None, ...] = (
                ("values", "content") if codec in ("tensor-proto", "tensor-proto-values", "wire") else (None,)
            )
            exact = Exactness(size, {"exact": size})
            gates.append(Gate(payload, codec, exact, size + 50, {form or "body": size + 40 for form in forms}))
            cases = [Case(payload, codec, "encode"), *(Case(payload, codec, "decode", form) for form in forms)]
            for case in cases:
                frames = (MemoryFrame("encode", "x.py", 3, size),)
                ways = tuple(
                    MemoryStack(
                        tuple(f"{codec}_{depth} (a/module.py:{depth + way})" for depth in range(5)), size >> way
                    )
                    for way in range(8)
                )
                memory.append(MemoryProfile(case, size, 3 * size, size, 9 * size, 9, "memory/x.bin", "", frames, ways))
                for number, drift in enumerate((1.0, 1.1) * 3):
                    time = (1e-6 + per_byte_s * size) * drift
                    runs.append(Run(case, number, 10, (time, time), 20 * time))
            if codec != "raw":
                half = 1e-6 + per_byte_s * size
                for number, drift in enumerate((1.0, 1.1) * 3):
                    wait = 3e-4 + 3e-9 * size
                    call = CallSample(half * drift, wait * drift, half * drift, (2 * half + wait) * drift + 1e-6)
                    clients.append(
                        EndToEndRun(payload, codec, "rest" if forms == (None,) else "grpc", number, (call,) * 10,
                                    size, size, half, wait, 10**8, exact, forms[0])
                    )  # fmt: skip
    info = replace(
        run_data.info,
        payloads=tuple(PayloadInfo(name, (1, size // 4), dtype, "uniform", 1, size) for name, size, dtype in PAYLOADS),
        codecs=tuple(PER_BYTE_S),
        gates=tuple(gates),
    )
    return RunData(info, tuple(runs), tuple(memory), tuple(clients))
