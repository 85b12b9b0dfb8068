"""Where figures come from, in words: instance, machine and date. The only place that says what the embedded one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from serlab.analysis.words import counted
from serlab.records.run import RunInfo

EMBEDDED = "embedded"
#: Said above the figures of an embedded instance.
STAND_IN = "The embedded instance stands in for TensorFlow Serving; its times are its own."


def instance_text(instance: Mapping[str, object]) -> str:
    """Return kind and version: ``embedded instance, serlab 0.1.0``."""
    if not instance:
        return "no live instance"
    return f"{instance.get('kind', 'unknown')} instance, {instance.get('version', 'unknown version')}"


def marked_instance(instance: Mapping[str, object]) -> str:
    """Return kind and version for a place where ``STAND_IN`` is not said: an embedded one says what it is not."""
    return instance_text(instance) + (" (not TensorFlow Serving)" if is_embedded(instance) else "")


def is_embedded(instance: Mapping[str, object]) -> bool:
    """Whether figures are the lab's own server's."""
    return instance.get("kind") == EMBEDDED


def server_name(instance: Mapping[str, object]) -> str:
    """Return a live instance in a sentence. Only the real thing is called TensorFlow Serving."""
    names = {EMBEDDED: "the embedded server", "binary": "TensorFlow Serving", "docker": "TensorFlow Serving"}
    return names.get(str(instance.get("kind", "")), "the server") if instance else "no server"


def machine_text(info: RunInfo) -> str:
    """Return name, processor and cores."""
    return f"{info.machine.name}, {info.machine.cpu_model}, {counted(info.machine.cores, 'core')}"


def origin(instance: Mapping[str, object], info: RunInfo, started: str = "") -> str:
    """Return instance, machine and date in one line; ``started`` is a part's own date."""
    return f"{instance_text(instance)}; {machine_text(info)}; {started or info.started}"


def origin_lines(instance: Mapping[str, object], info: RunInfo) -> Iterator[str]:
    """Yield the lines above the tables of a run or an experiment."""
    yield origin(instance, info)
    if is_embedded(instance):
        yield STAND_IN


def rounds_text(rounds: int) -> str:
    """Return ``5 rounds``, ``1 round``; "" for an experiment that has none, or counts its own."""
    return counted(rounds, "round") if rounds > 0 else ""
