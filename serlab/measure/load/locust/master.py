"""The master's part of a Locust run: gathers what the workers report and writes it as the lab's own records."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent
import msgspec

from serlab.codecs import registry
from serlab.measure.load.gather import Outcomes, filled
from serlab.measure.load.locust.options import Options, class_name
from serlab.measure.load.locust.users import REPORT_KEY, take_batches
from serlab.measure.load.outcome import Batch
from serlab.measure.process.machine import describe_machine, git_commit, library_versions
from serlab.measure.process.server_meter import ServerMeter
from serlab.payload import parse_payload
from serlab.records.load import LoadReport, LoadStep, StepSpec
from serlab.records.run import RunInfo
from serlab.records.store import create_run, now

#: Most windows that are counted, from the end of the warm-up on.
MAX_WINDOWS = 3600


class Gatherer:
    """Hears of a run's phases and of its workers' reports; also of a run without workers."""

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self._batches: dict[tuple[str, str], list[Batch]] = defaultdict(list)  # by codec and worker
        self._users: dict[str, int] = {}
        self._spawned_at = self._stopped_at = 0.0
        self._server_before: tuple[float, float | None] = (0.0, None)
        self._server_cpu: float | None = None
        self._meter = ServerMeter(None)
        listen = environment.events
        listen.spawning_complete.add_listener(self._spawned)
        listen.worker_report.add_listener(self._reported)
        listen.test_stopping.add_listener(self._stopping)
        listen.quit.add_listener(self._write)

    def _spawned(self, user_count: int) -> None:
        runner, options = self._environment.runner, Options.of(self._environment.parsed_options)
        if options.windows and not self._spawned_at:
            gevent.spawn_later(options.warmup_s + options.windows * options.window_s, runner.quit)
        self._spawned_at = time.time()
        self._users = dict(runner.target_user_classes_count)
        self._meter = ServerMeter(options.server_pid or None)
        self._server_before = (time.time(), self._meter.cpu_s())

    def _reported(self, client_id: str, data: dict[str, Any]) -> None:
        for codec, packed in data.get(REPORT_KEY, {}).items():
            self._batches[codec, client_id].append(msgspec.msgpack.decode(packed, type=Batch))

    def _stopping(self, environment: Any) -> None:
        self._stopped_at = time.time()
        before, cpu_s = self._server_before
        now_s = self._meter.cpu_s()
        if cpu_s is not None and now_s is not None and self._stopped_at > before:
            self._server_cpu = (now_s - cpu_s) / (self._stopped_at - before)

    def _write(self, exit_code: int) -> None:
        self._reported("", {REPORT_KEY: take_batches()})  # a run without workers has made its calls here
        options = Options.of(self._environment.parsed_options)
        steps = tuple(self._step(codec, options) for codec in sorted({codec for codec, _ in self._batches}))
        instance = {"kind": "remote", "version": f"gRPC {options.grpc or 'none'}, REST {options.rest or 'none'}"}
        report = LoadReport(steps, instance)
        if options.save:
            Path(options.save).write_bytes(msgspec.json.encode(report))
        elif steps:
            print(f"results: {_new_run(report, options)}", file=sys.stderr)

    def _step(self, codec: str, options: Options) -> LoadStep:
        workers = {worker: batches for (name, worker), batches in self._batches.items() if name == codec}
        users = max(1, self._users.get(class_name(codec), 0))
        spec = StepSpec(
            options.payload, codec, concurrency=users, processes=max(1, len([worker for worker in workers if worker])),
            pre_encoded=options.pre_encode, generator="locust",
        )  # fmt: skip
        transport = registry.codec_class(codec).transport
        start = self._spawned_at + options.warmup_s
        count = min(options.windows or MAX_WINDOWS, int((self._stopped_at - start) / options.window_s))
        blank = LoadStep(spec, transport, 0)
        if count < 1 or not self._spawned_at:
            return replace(blank, failure="the run ended before its warm-up did: give it more time (--run-time)")
        outcomes = Outcomes.of([batch for batches in workers.values() for batch in batches])
        cores = [_cores(batches, start, self._stopped_at) for batches in workers.values()]
        return replace(
            filled(blank, outcomes, start, options.window_s, count),
            client_cpu=sum(cores),
            busiest_cpu=max(cores, default=0.0),
            server_cpu=self._server_cpu,
        )


def _cores(batches: list[Batch], start: float, end: float) -> float:
    marks = [batch for batch in batches if start <= batch.at <= end]
    if len(marks) < 2:
        return 0.0
    return (marks[-1].cpu_s - marks[0].cpu_s) / (marks[-1].at - marks[0].at)


def _new_run(report: LoadReport, options: Options) -> Path:
    """Keep the report as a run of its own, as ``serlab load`` would."""
    machine = describe_machine()
    folder = create_run(Path(options.results), machine.name)
    ended = now()
    folder.write_part("load", report)
    folder.write_info(
        RunInfo(
            name=folder.name,
            machine=machine,
            started=ended,
            finished=ended,
            profile="load",
            seed=options.payload_seed,
            command=" ".join(sys.argv),
            payloads=(parse_payload(options.payload, seed=options.payload_seed).info(),),
            codecs=tuple(step.spec.codec for step in report.steps),
            versions=library_versions(),
            git_commit=git_commit(),
            instance=report.instance,
            rounds=1,
        )
    )
    return folder.path
