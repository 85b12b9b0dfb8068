"""The kinds of instances, and ``auto``: the most real one that is here already. Nothing is downloaded unasked."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from serlab.errors import UnknownNameError
from serlab.serving.base import DEFAULT_IMAGE, Instance, ServingOptions
from serlab.serving.binary import EXECUTABLE, BinaryInstance
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


AUTO = "auto"
_SOCKET = "/var/run/docker.sock"
_PING_TIMEOUT_S = 1.0


def choose(options: ServingOptions, engine: Callable[[], bool] | None = None) -> tuple[ServingOptions, str]:
    """Return the options with ``auto`` replaced, and one line on what would be more real here ("" if nothing).

    ``tensorflow_model_server`` where it is named or on PATH; Docker where its image is named; else the embedded
    instance. ``engine`` tells whether a Docker engine answers, for tests. Other options are returned as they are.
    """
    if options.serving != AUTO:
        return options, ""
    if options.binary or shutil.which(EXECUTABLE):
        return replace(options, serving="binary"), ""
    if options.image:
        return replace(options, serving="docker"), ""
    more = (
        f"--serving docker would run {DEFAULT_IMAGE} on the engine here"
        if (engine or engine_answers)()
        else f"put {EXECUTABLE} on PATH, or give --serving HOST:GRPC_PORT:REST_PORT of a running server"
    )
    line = f"calling the embedded instance, whose times are not TensorFlow Serving's; for the real one: {more}"
    return replace(options, serving="embedded"), line


def engine_answers() -> bool:
    """Whether a Docker engine listens at the local socket, or where ``DOCKER_HOST`` says. Asks nothing of it."""
    where = os.environ.get("DOCKER_HOST", f"unix://{_SOCKET}")
    scheme, _, address = where.partition("://")
    try:
        if scheme == "unix":
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.settimeout(_PING_TIMEOUT_S)
                probe.connect(str(Path(address)))
            return True
        host, _, port = address.rstrip("/").rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_PING_TIMEOUT_S):
            return True
    except (OSError, ValueError):
        return False
