"""Which functions held memory at a peak: the library's where one was called, else what the codec's own line calls."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from serlab.records.run import MemoryProfile

#: How many of a peak's holders are told.
TOLD = 3
_FRAME = re.compile(r"(.+) \((.+):(\d+)\)")


@dataclass(frozen=True, slots=True)
class Holder:
    """A function, ``json.dumps`` or ``tensor.tolist``, the line below which it allocated, and what it held."""

    name: str
    place: str
    bytes: int


def holders(profile: MemoryProfile) -> tuple[Holder, ...]:
    """Return who held a profile's peak, the largest first; without what was too small to be kept.

    A profile without stacks, of an older run or of native frames, names its largest frames.
    """
    if not profile.stacks:
        return tuple(
            Holder(frame.function, f"{frame.file}:{frame.line}" if frame.line else "", frame.bytes)
            for frame in profile.top
        )
    held: Counter[str] = Counter()
    places: dict[str, str] = {}
    for stack in sorted(profile.stacks, key=lambda stack: -stack.bytes):
        if found := _named(stack.frames):
            held[found[0]] += stack.bytes
            places.setdefault(*found)
    return tuple(Holder(name, places[name], size) for name, size in held.most_common())


def _named(frames: Sequence[str]) -> tuple[str, str] | None:
    """Return a stack's function and its place; the codec's package is that of the outermost frame."""
    known = [match.groups() for frame in frames if (match := _FRAME.fullmatch(frame))]
    if not known:
        return None
    own = known[0][1].partition("/")[0]
    for function, file, line in known:
        if file.partition("/")[0] != own:
            path = PurePosixPath(file).with_suffix("")
            return f"{path.parent.name if path.name == '__init__' else path.name}.{function}", f"{file}:{line}"
    function, file, line = known[-1]
    called = frames[-1].removesuffix("(…)").removesuffix("()") if not _FRAME.fullmatch(frames[-1]) else ""
    return called or function, f"{file}:{line}"
