"""What an environment has to compare: asked of itself, for its codecs need not be this process's."""

from __future__ import annotations

from dataclasses import dataclass

from serlab.codecs import registry
from serlab.measure.plan import Client
from serlab.measure.process.machine import library_versions
from serlab.measure.process.parents import client_of
from serlab.records.run import Form


@dataclass(frozen=True, slots=True)
class OfferedCodec:
    """A codec as its environment describes it; ``unavailable`` says why it cannot be used there, "" if it can."""

    forms: tuple[Form | None, ...]
    client: Client
    unavailable: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """An environment's codecs by name, and the versions of what can change a figure."""

    codecs: dict[str, OfferedCodec]
    versions: dict[str, str]
    python: str


def offer() -> Offer:
    """Return what this process's environment offers."""
    import platform

    reasons = registry.unavailable()
    codecs = {name: OfferedCodec((), "light", reason) for name, reason in reasons.items()}
    for name in registry.available():
        codecs[name] = OfferedCodec(registry.codec_class(name).forms, client_of(name))
    return Offer(codecs, library_versions(), platform.python_version())
