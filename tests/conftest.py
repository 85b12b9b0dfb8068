"""Fixtures that several folders of tests share."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from serlab.embedded import start_embedded
from serlab.measure.process.workers import Workers
from serlab.measure.target import Target
from serlab.records.endtoend import CallSample, EndToEndRun
from serlab.records.run import (
    OPS,
    Case,
    Endpoint,
    Exactness,
    Form,
    Gate,
    Machine,
    MemoryFrame,
    MemoryProfile,
    MemoryStack,
    PayloadInfo,
    Run,
    RunInfo,
)
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder
from serlab.servable import ECHO_MODEL, ensure_model
from serlab.servable.batched import BATCHED_MODEL
from serlab.servable.mlp import MLPS
from serlab.servable.models import REAL_MODELS
from serlab.serving.base import model_config
from serlab.transports.base import TransportOptions


@dataclass(frozen=True)
class Certificates:
    """PEM files of a throw-away authority, and of a server (127.0.0.1, localhost) and a client it vouches for."""

    ca: str
    server_cert: str
    server_key: str
    client_cert: str
    client_key: str


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True)

    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    authority = ("-subj", "/CN=test authority", "-addext", "keyUsage=critical,keyCertSign")
    run("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", *authority)
    for name, extension in (
        ("server", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
        ("client", "keyUsage=digitalSignature"),
    ):
        Path(folder, f"{name}.ext").write_text(f"{extension}\nauthorityKeyIdentifier=keyid\n")
        run("req", *new_key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        signed_by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", f"{name}.ext")
        run("x509", "-req", "-in", f"{name}.csr", *signed_by, "-out", f"{name}.pem", "-days", "2")
    files = ("ca.pem", "server.pem", "server.key", "client.pem", "client.key")
    return Certificates(*(str(folder / file) for file in files))


#: Seconds that a codec's encode takes in the made-up run; its decode takes twice as long.
MADE_UP_ENCODE_S = {"json": 0.100, "orjson": 0.005, "tensor-proto": 0.001, "raw": 0.0001}


#: The machine slows down, for every codec alike: by round.
DRIFTS = (1.0, 1.1, 1.1, 1.2, 1.2, 1.3)


def made_up_run(*, rounds: int = 6) -> RunData:
    """A run whose figures are round numbers: image only, four codecs, calls over both transports."""
    runs, gates, memory, clients = [], [], [], []
    raw_bytes = 1000
    for codec, encode_s in MADE_UP_ENCODE_S.items():
        grpc = codec == "tensor-proto"
        forms: tuple[Form | None, ...] = ("values", "content") if grpc else (None,)
        sizes: dict[str, int] = {form or "body": 1100 for form in forms}
        gates.append(Gate("image", codec, Exactness(10, {"exact": 10}), 5 * raw_bytes, sizes))
        cases = [Case("image", codec, "encode"), *(Case("image", codec, "decode", form) for form in forms)]
        for case in cases:
            per_call = encode_s * (1 if case.op == "encode" else 2)
            memory.append(
                MemoryProfile(case, raw_bytes, 3000, 100, 9000, 7, f"memory/{codec}-{case.op}-{case.form}.bin",
                              top=(MemoryFrame("encode", "serlab/codecs/x.py", 3, 2000),),
                              stacks=(MemoryStack(("encode (serlab/codecs/x.py:3)",), 2000),
                                      MemoryStack(("encode (serlab/codecs/x.py:3)", f"dumps ({codec}.py:7)"), 1000)))
            )  # fmt: skip
            for number in range(rounds):
                drift = DRIFTS[number % len(DRIFTS)]
                values = (per_call * drift, per_call * drift)
                runs.append(Run(case, number, 1, values, sum(values)))
        if codec != "raw":
            for number in range(rounds):
                drift = DRIFTS[number % len(DRIFTS)]
                call = CallSample(encode_s * drift, 0.01 * drift, 2 * encode_s * drift, (3 * encode_s + 0.011) * drift)
                clients.append(
                    EndToEndRun("image", codec, "grpc" if grpc else "rest", number, (call,) * 20, 5000, 1100, 0.5, 0.25,
                                10**8, Exactness(10, {"exact": 10}), form="values" if grpc else None)
                )  # fmt: skip
    info = RunInfo(
        name="box/run",
        machine=Machine("box", "some CPU", 2, 2**34, "performance", "6.1", "Linux x86_64", "3.11.7"),
        started="2026-01-02T03:04:05+00:00",
        profile="smoke",
        seed=1,
        command="serlab bench",
        payloads=(PayloadInfo("image", (1, 10), "float32", "uniform", 1, raw_bytes),),
        codecs=tuple(MADE_UP_ENCODE_S),
        versions={"numpy": "2.0"},
        finished="2026-01-02T03:05:05+00:00",
        instance={"kind": "embedded", "version": "serlab 0.1.0"},
        plan={"profile": "smoke", "payloads": ["image"], "codecs": list(MADE_UP_ENCODE_S)},
        rounds=rounds,
        wall_s=60.0,
        timed_s=42.0,
        gates=tuple(gates),
    )
    return RunData(info, tuple(runs), tuple(memory), tuple(clients))


@pytest.fixture
def run_data() -> RunData:
    return made_up_run()


def keep_run(data: RunData, root: Path) -> RunFolder:
    """Write a run as a bench would have left it, pyperf suites included; parts that ``data`` lacks are not written."""
    import pyperf

    machine, _, name = data.info.name.partition("/")
    folder = RunFolder(root / machine / name)
    folder.write_info(data.info)
    for op in OPS:
        benchmarks: dict[str, list[Any]] = {}
        for run in data.runs:
            if run.case.op == op:
                labels = {"payload": run.case.payload, "codec": run.case.codec, "op": op, "round": run.round}
                if run.case.form:
                    labels["form"] = run.case.form
                metadata = {"name": run.case.id, "loops": run.loops, "unit": "second"}
                metadata |= {f"serlab_{key}": value for key, value in labels.items()}
                found = pyperf.Run(run.values_s, metadata=metadata, collect_metadata=False)
                benchmarks.setdefault(run.case.id, []).append(found)
        if benchmarks:
            (folder.path / "time").mkdir(exist_ok=True)
            suite = pyperf.BenchmarkSuite([pyperf.Benchmark(runs) for runs in benchmarks.values()])
            suite.dump(str(folder.path / "time" / f"{op}.json"), replace=True)
    if data.memory:
        folder.add_memory(*data.memory)
    if data.endtoend:
        folder.add_endtoend(*data.endtoend)
    return RunFolder(folder.path)  # which no longer keeps other processes from writing there


@pytest.fixture
def write_run() -> Callable[[RunData, Path], RunFolder]:
    return keep_run


@contextmanager
def _served(
    tmp_path_factory: pytest.TempPathFactory, name: str, models: Sequence[str], *flags: str
) -> Iterator[Endpoint]:
    """One server of the lab's ``models`` for all of xdist's workers.

    Whoever comes first starts it, and ends it when nobody else uses it any more. Not started as an ``Instance``:
    those handle signals while they run, and this one runs as long as the tests.
    """
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("needs TensorFlow to serve models")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")
    folder = tmp_path_factory.getbasetemp().parent if run else tmp_path_factory.mktemp(name)
    address = folder / f"{name}-{run}.json"
    with address.with_suffix(".starts").open("w") as starts, address.with_suffix(".uses").open("w") as uses:
        fcntl.flock(starts, fcntl.LOCK_EX)
        if address.exists():
            fcntl.flock(uses, fcntl.LOCK_SH)
            fcntl.flock(starts, fcntl.LOCK_UN)
            yield msgspec.json.decode(address.read_bytes(), type=Endpoint)
            return
        config = tmp_path_factory.mktemp("models") / "models.config"
        config.write_text(model_config({model: str(ensure_model(model)) for model in models}))
        with start_embedded(model_config_file=config, flags=flags) as server:
            grpc, rest = f"{server.host}:{server.grpc_port}", f"{server.host}:{server.rest_port}"
            endpoint = Endpoint("embedded", server.version, grpc, rest, server.pid)
            address.write_bytes(msgspec.json.encode(endpoint))
            fcntl.flock(uses, fcntl.LOCK_SH)
            fcntl.flock(starts, fcntl.LOCK_UN)
            yield endpoint
            # Who comes now starts another one.
            fcntl.flock(starts, fcntl.LOCK_EX)
            address.unlink()
            fcntl.flock(uses, fcntl.LOCK_EX)


@pytest.fixture(scope="session")
def live_target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The lab's echo, its model for batching and its small classifiers, with room for 16 calls of each worker."""
    models = (ECHO_MODEL, BATCHED_MODEL, *(each.model for each in MLPS.values()))
    flags = ("--grpc_max_threads=64", "--rest_api_num_threads=32")
    with _served(tmp_path_factory, "live", models, *flags) as endpoint:
        yield Target(endpoint, TransportOptions(timeout_s=20.0))


@pytest.fixture(scope="session")
def lab_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The lab's echo and the six models that stand for what people serve."""
    with _served(tmp_path_factory, "lab", (ECHO_MODEL, *REAL_MODELS)) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def light_workers() -> Iterator[Workers]:
    """Workers for codecs that need no TensorFlow."""
    with Workers(("json", "orjson", "json-chunked", "orjson-gzip", "wire")) as started:
        yield started
