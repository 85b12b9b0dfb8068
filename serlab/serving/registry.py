"""The kinds of instances."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from serlab.errors import UnknownNameError
from serlab.serving.base import Instance, ServingOptions
from serlab.serving.binary import BinaryInstance
from serlab.serving.docker_engine import DockerInstance
from serlab.serving.embedded import EmbeddedInstance
from serlab.serving.remote import RemoteInstance

INSTANCE_KINDS: tuple[type[Instance], ...] = (EmbeddedInstance, BinaryInstance, DockerInstance, RemoteInstance)


def parse_serving(options: ServingOptions, models: Mapping[str, Path]) -> Instance:
    """Return the instance that ``options.serving`` asks for, not yet started.

    ``models`` maps names to the servables' base folders; a server that is already running has its own.

    Raises:
        UnknownNameError: there is no such kind.
        UsageError: an address that does not parse, or options the kind has no use for.
    """
    for kind in INSTANCE_KINDS:
        if kind.matches(options.serving):
            return kind(options, models)
    raise UnknownNameError("--serving", options.serving, [kind.spelling for kind in INSTANCE_KINDS])
