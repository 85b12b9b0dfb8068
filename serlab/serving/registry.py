"""The kinds of instances."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from serlab.errors import UnknownNameError
from serlab.serving.auto import AUTO, choose
from serlab.serving.base import Instance, ServingOptions
from serlab.serving.binary import BinaryInstance
from serlab.serving.docker_engine import DockerInstance
from serlab.serving.embedded import EmbeddedInstance
from serlab.serving.remote import RemoteInstance

INSTANCE_KINDS: tuple[type[Instance], ...] = (EmbeddedInstance, BinaryInstance, DockerInstance, RemoteInstance)


def parse_serving(options: ServingOptions, models: Mapping[str, Path]) -> Instance:
    """Return the instance that ``options.serving`` asks for, not yet started; ``auto`` says on stderr what it misses.

    ``models`` maps names to the servables' base folders; a server that is already running has its own.

    Raises:
        UnknownNameError: there is no such kind.
        UsageError: an address that does not parse, or options the kind has no use for.
    """
    options, missed = choose(options)
    if missed:
        print(f"serlab: {missed}", file=sys.stderr)
    for kind in INSTANCE_KINDS:
        if kind.matches(options.serving):
            return kind(options, models)
    raise UnknownNameError("--serving", options.serving, [AUTO, *(kind.spelling for kind in INSTANCE_KINDS)])
