"""A whole run, put together from the files of its folder, and short names for payloads of many tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace

from serlab.records.endtoend import Answer, EndToEndRun
from serlab.records.run import MemoryProfile, Run, RunInfo


@dataclass(frozen=True, slots=True)
class RunData:
    """A whole run as the store reads it; parts that were not measured are empty."""

    info: RunInfo
    runs: tuple[Run, ...] = ()
    memory: tuple[MemoryProfile, ...] = ()
    endtoend: tuple[EndToEndRun, ...] = ()
    answers: tuple[Answer, ...] = ()


#: A spec of up to this many characters is its own label.
LONGEST = 48


def payload_label(name: str) -> str:
    """Return how a payload is called where people read: ``ids and 2 more tensors``."""
    if len(name) <= LONGEST:
        return name
    pieces = name.split(",")
    if len(pieces) == 1 or "=" not in pieces[0]:
        return f"…{name[-LONGEST:]}"  # a file, whose last folders tell most
    return f"{pieces[0].partition('=')[0]} and {len(pieces) - 1} more tensors"


def labelled(data: RunData) -> RunData:
    """Return a run with labels in place of payloads' names, for reading; what is kept has the names."""
    info = data.info
    return replace(
        data,
        info=replace(
            info,
            payloads=tuple(replace(payload, name=payload_label(payload.name)) for payload in info.payloads),
            gates=tuple(replace(gate, payload=payload_label(gate.payload)) for gate in info.gates),
            missing=tuple(_shortened(text, [payload.name for payload in info.payloads]) for text in info.missing),
        ),
        runs=tuple(replace(run, case=replace(run.case, payload=payload_label(run.case.payload))) for run in data.runs),
        memory=tuple(
            replace(profile, case=replace(profile.case, payload=payload_label(profile.case.payload)))
            for profile in data.memory
        ),
        answers=tuple(replace(answer, payload=payload_label(answer.payload)) for answer in data.answers),
        endtoend=tuple(replace(run, payload=payload_label(run.payload)) for run in data.endtoend),
    )


def _shortened(text: str, names: list[str]) -> str:
    for name in names:
        text = text.replace(name, payload_label(name))
    return text
