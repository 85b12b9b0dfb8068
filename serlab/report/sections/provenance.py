"""Provenance: machine, versions, instance, noise, what is missing, and how to measure all of it again."""

from __future__ import annotations

from collections.abc import Iterable

from serlab.analysis.noise import remarks
from serlab.analysis.summary import timed_share
from serlab.analysis.words import counted
from serlab.report import sentences, units
from serlab.report.blocks import Block, Column, Links, Missing, Note, Section, Table, words
from serlab.report.origin import rounds_text
from serlab.report.source import Source


def build(source: Source) -> Section:
    """Return the section."""
    info = source.data.info
    blocks: list[Block] = []
    noise = remarks(source.view)
    if noise:
        blocks.append(Note(noise, "Noise", "warn"))
    if info.warnings:
        blocks.append(Note(info.warnings, "Warnings", "warn"))
    failed = failures(source)
    if failed:
        blocks.append(Note(failed, "What could not be measured", "warn"))
    if not info.finished:
        blocks.append(Missing("what this run has not measured yet", info.next_command()))
    blocks += [_facts(source), Note((info.command,), "The command that made this run", "plain")]
    blocks.append(Note((f"serlab report {info.name}",), "The command that makes this page again"))
    record = source.evidence("run.json")
    if record:
        blocks.append(Links("The run's own record", (("run as JSON", record),)))
    return Section("provenance", "Where this comes from", tuple(_conclusion(source, noise)), tuple(blocks))


def failures(source: Source) -> tuple[str, ...]:
    """Return what was tried and could not be had, or can no longer be read."""
    info = source.data.info
    return (
        *info.missing,
        *(f"{codec} was not measured: {reason}" for codec, reason in info.unavailable.items()),
        *(f"{name}.json cannot be read: {reason}" for name, reason in source.damaged.items()),
    )


def _conclusion(source: Source, noise: tuple[str, ...]) -> Iterable[str]:
    info = source.data.info
    share = timed_share(source.data)
    text = f"Measured on {source.machine_line}, {source.instance_line}"
    rounds = rounds_text(info.rounds)
    text += f": {rounds} in shuffled order" if rounds else ""
    yield text + (f", {units.percent(share)} of the time inside timed loops." if share else ".")
    if noise:
        yield f"{counted(len(noise), 'remark')} about noise: read the intervals."
    if info.missing or info.unavailable or not info.finished or source.damaged:
        yield "Something is missing from this run; it is listed here."


def _facts(source: Source) -> Table:
    info, machine = source.data.info, source.data.info.machine
    facts = {
        "run": info.name,
        "started": source.date,
        "finished": info.finished[:16].replace("T", " ") + " UTC" if info.finished else "not finished",
        "profile": info.profile,
        "rounds": str(info.rounds) if info.rounds else "each experiment counts its own",
        "seed": str(info.seed),
        "serlab's commit": info.git_commit or "unknown",
        "instance": source.instance_line,
        "machine": machine.name,
        "CPU": f"{machine.cpu_model}, {counted(machine.cores, 'core')}",
        "memory": units.size(machine.memory_bytes),
        "frequency governor": machine.governor,
        "system": f"{machine.os}, kernel {machine.kernel}",
        "Python": machine.python,
        "load before": _load(info.load_before),
        "load after": _load(info.load_after),
        "libraries": ", ".join(f"{name} {version}" for name, version in info.versions.items()) or "unknown",
        "payloads": sentences.listing([f"{one.name} ({source.describe(one)})" for one in source.payloads]),
        "codecs": sentences.listing(info.codecs),
    }
    return Table(
        "facts-table",
        "The run",
        (Column("what", numeric=False), Column("value", numeric=False)),
        tuple(words(name, value) for name, value in facts.items()),
    )


def _load(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values) + " (1, 5, 15 minutes)" if values else "unknown"
