"""What experiments against a live instance have in common: the run they are kept in, the instance, the payloads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from serlab.cli.live_target import describe, fit_payloads, instance_record, is_running, make_target, open_endpoint
from serlab.cli.new_run import begin_run
from serlab.cli.progress import ProgressShow
from serlab.errors import UsageError
from serlab.measure.bench import Target
from serlab.measure.load.sweep import transport_of
from serlab.measure.machine import load_average
from serlab.measure.rounds import TIMEOUT_PER_MIB_S
from serlab.payload import DEFAULT_SEED, parse_payload
from serlab.serving.base import ServingOptions
from serlab.store import RunFolder, check_writable, find_run
from serlab.transports.base import TransportOptions


@dataclass(frozen=True, slots=True)
class Live:
    """A live instance, and what it will be sent."""

    target: Target
    payloads: tuple[str, ...]
    codecs: tuple[str, ...]
    instance: dict[str, Any]


def checked_seed(seed: int | None) -> int:
    """Return the seed to use. Raises ``UsageError`` for a negative one."""
    seed = DEFAULT_SEED if seed is None else seed
    if seed < 0:
        raise UsageError(f"seed {seed} cannot be used: give a number from 0 on")
    return seed


def check_names(payloads: Sequence[str], codecs: Sequence[str], seed: int) -> None:
    """Find what is wrong with the names before a server is started.

    Raises:
        UnknownNameError, PayloadError, CodecUnavailableError, UsageError: the first thing that is wrong.
    """
    for spec in payloads:
        parse_payload(spec, seed=seed)
    for name in codecs:
        if transport_of(name) == "none":
            raise UsageError(f"codec {name} is sent over no transport: no server can be called with it")


@contextmanager
def open_live(
    serving: ServingOptions,
    options: TransportOptions,
    payloads: Sequence[str],
    codecs: Sequence[str],
    seed: int,
) -> Iterator[Live]:
    """Start or find the instance and choose what it can be sent; of ``codecs``, those that it understands.

    Raises:
        ServingError, UsageError: the instance cannot be started or reached, or takes none of the codecs.
    """
    with open_endpoint(serving) as endpoint:
        call = None
        if is_running(serving):
            payloads, call = fit_payloads(serving, endpoint, payloads, seed)
        target = make_target(endpoint, _patient(options, payloads, seed), call)
        usable = target.callers(codecs)
        if not usable:
            takes = f", and {call.signature} takes {'strings' if call.takes_strings else 'numbers'}" if call else ""
            offers = " and ".join(target.transports)
            raise UsageError(f"{endpoint.label} takes none of {', '.join(codecs)}: it offers {offers}{takes}")
        instance = instance_record(describe(serving, endpoint, options), call)
        yield Live(target, tuple(payloads), tuple(usable), instance)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A live instance, the run that is added to, and who hears of progress."""

    live: Live
    folder: RunFolder
    show: ProgressShow


@contextmanager
def open_experiment(
    part: str,
    serving: ServingOptions,
    options: TransportOptions,
    payloads: Sequence[str],
    codecs: Sequence[str],
    *,
    seed: int,
    run: str | None,
    results: Path,
    quiet: bool,
) -> Iterator[Experiment]:
    """Open everything that an experiment needs; the run's description is completed when the block ends well."""
    check_names(payloads, codecs, seed)
    check_writable(results)
    with open_live(serving, options, payloads, codecs, seed) as live:
        folder = open_folder(part, run, results, live.payloads, live.codecs, seed)
        with ProgressShow(quiet=quiet) as show:
            yield Experiment(live, folder, show)
        finish(folder, part, live.instance)


def _patient(options: TransportOptions, payloads: Sequence[str], seed: int) -> TransportOptions:
    largest = max((parse_payload(spec, seed=seed).raw_bytes for spec in payloads), default=0)
    return replace(options, timeout_s=options.timeout_s + largest / 2**20 * TIMEOUT_PER_MIB_S)


def print_json(found: Any) -> None:
    """Print records as JSON for machines."""
    import msgspec

    print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())


def open_folder(
    part: str, run: str | None, results: Path, payloads: Sequence[str], codecs: Sequence[str], seed: int
) -> RunFolder:
    """Return the run to add ``part`` to, or a new one that holds nothing else."""
    if run is not None:
        return find_run(run, results)
    infos = [parse_payload(spec, seed=seed).info() for spec in payloads]
    return begin_run(results, profile=part, seed=seed, payloads=infos, codecs=codecs)


def finish(
    folder: RunFolder, part: str, instance: dict[str, Any], missing: Sequence[str] = (), *, rounds: int = 0
) -> None:
    """Complete the description of a run that consists of ``part`` alone; another run's description stays as it is."""
    info = folder.read_info()
    if info.profile == part:
        folder.write_info(
            replace(
                info,
                finished=_now(),
                instance=instance,
                missing=tuple(missing),
                rounds=rounds,
                load_after=load_average(),
            )
        )


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
