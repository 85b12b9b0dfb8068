"""What ``bench``, ``time`` and ``memory`` have in common: choose a plan, open or resume a run, measure, sum up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from serlab.codecs import registry
from serlab.errors import StoreError, UsageError, needs
from serlab.lab.asked import DEFAULT_PROFILE, Planned
from serlab.lab.keeping import Keeping
from serlab.lab.laws import add_predictions
from serlab.lab.live_target import Live, has_own_model
from serlab.lab.progress import ProgressShow
from serlab.lab.send_less import plan_less
from serlab.measure.bench import Bench
from serlab.measure.cases import time_cases
from serlab.measure.new_run import begin_run
from serlab.measure.plan import FLAMEGRAPH_PAYLOAD, PARTS, Client, Part, Plan, find_profile
from serlab.measure.process.machine import describe_machine
from serlab.payload import checked_seed, parse_payload
from serlab.payload.files import load
from serlab.records.run import Case, RunInfo
from serlab.records.store import RunFolder, find_run, newest_run
from serlab.serving.base import ServingOptions

#: More rounds than anyone can wait for are a slip of the hand.
MAX_ROUNDS = 10_000


def make_plan(
    profile: str,
    payloads: tuple[str, ...],
    codecs: tuple[str, ...],
    *,
    parts: tuple[Part, ...] = PARTS,
    seed: int | None = None,
    budget_s: float | None = None,
    rounds: int | None = None,
    flamegraphs: str | None = None,
    send_as: tuple[str, ...] = (),
    resolve: float | None = None,
    client: Client | None = None,
    expect: str | None = None,
    now: str | None = None,
) -> Plan:
    """Return a checked plan: every name in it exists, every payload can be built.

    Raises:
        UnknownNameError, PayloadError, CodecUnavailableError, UsageError, MissingExtraError: the first that is wrong.
    """
    if "memory" in parts:
        needs("memray")
    limits = find_profile(profile)
    chosen = payloads or limits.payloads
    if expect is not None:
        load(Path(expect.removeprefix("@")))
    seed = checked_seed(seed)
    if rounds is not None and not 1 <= rounds <= MAX_ROUNDS:
        raise UsageError(f"{rounds} rounds cannot be measured: give 1 to {MAX_ROUNDS:,}")
    for spec in chosen:
        parse_payload(spec, seed=seed)
    codecs = tuple(map(registry.canonical, codecs))
    now = registry.canonical(now) if now else ""
    if codecs and now and now not in codecs:
        raise UsageError(f"--now {now} is told against, and --codec does not measure it: add it there")
    missing = registry.unavailable()
    for name in codecs:
        if (plain := name.partition(":")[0]) in missing:
            raise UsageError(missing[plain])
    wanted = codecs or tuple(registry.all_codecs() if limits.variants else registry.main_codecs())
    # Ratios are to the floor, so the floor is always measured.
    with_floor = wanted if "raw" in wanted else (*wanted, "raw")
    memory_only = limits.memory_only if not payloads and "memory" in parts else ()
    plan = Plan(
        profile,
        tuple(dict.fromkeys(chosen)),
        tuple(dict.fromkeys(with_floor)),
        parts,
        memory_only,
        seed,
        budget_s,
        rounds,
        flamegraphs or FLAMEGRAPH_PAYLOAD,
        resolve,
        client,
        less=plan_less(limits, send_as, payloads, codecs, rounds) if "endtoend" in parts else None,
        expect=expect or "",
        now=now,
    )
    if flamegraphs not in (None, "none") and not any(map(plan.wants_flamegraph, _cases(plan))):
        raise UsageError(
            f"--flamegraphs {flamegraphs} chooses none of the cases: say all, none or one of {', '.join(plan.payloads)}"
        )
    return plan


def planned(
    asked: Planned, keep: Keeping, parts: tuple[Part, ...] = PARTS, more: Mapping[str, Any] | None = None
) -> tuple[RunFolder | None, Plan]:
    """Return the run to go on with, None for a new one, and its plan; ``more`` are options by their names.

    Raises:
        as ``make_plan`` or ``resumed_run``.
    """
    more = more or {}
    if asked.resume or asked.run:
        given = {"--profile": asked.profile, "--payload": asked.payloads, "--codec": asked.codecs,
                 "--budget": asked.budget_s, "--rounds": asked.rounds, "--resolve": asked.resolve,
                 "--seed": asked.seed}  # fmt: skip
        return resumed_run(keep.results, asked.run, {**given, **more})
    names = {"--now": "now", "--flamegraphs": "flamegraphs", "--as": "send_as", "--expect": "expect"}
    return None, make_plan(
        asked.profile or DEFAULT_PROFILE, asked.payloads, asked.codecs, parts=parts, seed=asked.seed,
        budget_s=asked.budget_s, rounds=asked.rounds, resolve=asked.resolve, client=keep.client,
        **{names[option]: value for option, value in more.items()},
    )  # fmt: skip


def _cases(plan: Plan) -> Sequence[Case]:
    return time_cases((*plan.payloads, *plan.memory_only), plan.codecs)


def new_run(results: Path, plan: Plan) -> RunFolder:
    """Create the folder of a run that follows ``plan``."""
    specs = (*plan.payloads, *plan.memory_only)
    return begin_run(
        results,
        profile=plan.profile,
        seed=plan.seed,
        payloads=[parse_payload(spec, seed=plan.seed).info() for spec in specs],
        codecs=plan.codecs,
        plan=plan.as_record(),
    )


def resumed_run(results: Path, name: str | None, given: Mapping[str, object]) -> tuple[RunFolder, Plan]:
    """Return the run to go on with, and its plan. ``given`` are the options that choose another plan, by their names.

    Raises:
        UsageError: one of them was used, or the run is no benchmark.
        StoreError: there is no unfinished run, or it was measured on another machine.
    """
    used = [option for option, value in given.items() if value not in (None, ())]
    if used:
        raise UsageError(f"a run that is resumed keeps its plan: leave {', '.join(used)} out, or start a new run")
    if name is None:
        unfinished = newest_run(results, lambda run: _is_unfinished(run.read_info()))
        if unfinished is None:
            raise StoreError(f"no run in {results} was interrupted: start one with serlab bench")
        folder = unfinished
    else:
        folder = find_run(name, results)
    info = folder.read_info()
    if not info.plan:
        raise UsageError(f"run {folder.name} is no benchmark to go on with: it was made by {info.command}")
    here = describe_machine()
    if info.machine.name != here.name:
        raise StoreError(
            f"run {folder.name} was measured on {info.machine.name}, this is {here.name}: times of two machines cannot "
            "be mixed"
        )
    folder.claim()
    return folder, Plan.from_record(info.plan)


def _is_unfinished(info: RunInfo) -> bool:
    return bool(info.plan) and not info.finished


def check_expected(plan: Plan, serving: ServingOptions) -> None:
    """Raise ``UsageError`` where answers are expected of the lab's echo, which answers what it is sent."""
    if plan.expect and not has_own_model(serving):
        raise UsageError("--expect is what a model answers, and the lab's echo answers what it is sent: name --model")


def unexpected(folder: RunFolder) -> bool:
    """Whether an answer of the run's model is not what ``--expect`` says."""
    expect = Plan.from_record(folder.read_info().plan).expect
    compared = [answer.exactness for answer in folder.read_answers() if expect and answer.compared_with == expect]
    return any(found is not None and not found.exact for found in compared)


def plan_for(live: Live, plan: Plan, *, asked: tuple[str, ...]) -> Plan:
    """Return the plan for what the instance takes: a model's own payload, and the codecs that can be sent to it.

    Raises:
        UsageError: codecs were ``asked`` for by name, and none of them can be.
    """
    sent = [codec for codec in asked if registry.transport_of(codec) != "none"]
    if sent and not set(sent) & set(live.codecs):
        told = "; ".join(f"{codec}: {live.refused[codec]}" for codec in sent)
        raise UsageError(f"{live.target.endpoint.label} can be called with none of {', '.join(sent)}: {told}")
    floors = [codec for codec in plan.codecs if registry.transport_of(codec) == "none"]
    own = live.target.call is not None
    if plan.expect and not own:
        raise UsageError("--expect is what a model answers, and this server's is the lab's echo: leave --expect out")
    return replace(
        plan,
        payloads=live.payloads,
        codecs=(*live.codecs, *floors),
        memory_only=() if own else plan.memory_only,
        left_out={codec: live.refused[codec] for codec in sent if codec in live.refused},
    )


def measure(folder: RunFolder, plan: Plan, *, live: Live | None = None, quiet: bool = False) -> RunInfo:
    """Run the plan with progress on the terminal."""
    if live:
        info = folder.read_info()
        refused = {codec: reason for codec, reason in live.refused.items() if codec not in plan.codecs}
        folder.write_info(replace(info, instance=live.instance, unavailable={**info.unavailable, **refused}))
    with ProgressShow(quiet=quiet) as show:
        info = Bench(folder, plan, live.target if live else None, show).run()
    add_predictions(folder)
    return info


def check_same_instance(folder: RunFolder, instance: Mapping[str, Any]) -> None:
    """Refuse to mix calls of two servers in one run.

    Raises:
        StoreError: the run called another kind or version of instance.
    """
    before = folder.read_info().instance
    differing = [name for name in ("kind", "version", "flags", "model") if before and before[name] != instance[name]]
    if differing:
        was, now = (", ".join(f"{name} {source[name]}" for name in differing) for source in (before, instance))
        raise StoreError(f"run {folder.name} called {was}, this is {now}: start a new run")
