"""The warm processes of one round: one per kind of client, each started anew.

Forks of one parent share its address-space layout, its hash seed and where its stack begins, and with them its luck:
between parents the same call can differ by 14 %, which no number of forks averages out. So every round has parents of
its own, spawned one after another, each with a hash seed and a size of its environment of its own; the layout is the
kernel's to choose (ASLR).

A client that never imports TensorFlow is timed in a process that has not either: importing it makes the garbage
collector's passes, and the memory that they walk through, several times as large.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from contextlib import ExitStack

from serlab.codecs import registry
from serlab.measure.plan import Client
from serlab.measure.process.workers import Workers

#: A codec whose loading imports TensorFlow.
_IMPORTS_TENSORFLOW = "tensor-proto"
#: Longest padding of the environment: what lies on the stack below it moves by as much (Mytkowicz et al., 2009).
MAX_PADDING = 4096


def client_of(codec: str) -> Client:
    """Return the kind of client that uses a codec: what its process has imported.

    Raises:
        UnknownNameError: no such codec.
    """
    heavy = any(module.startswith("tensorflow") for module in registry.codec_class(codec).requires)
    return "tensorflow" if heavy else "light"


def layout(seed: int, number: int, client: str) -> dict[str, str]:
    """Return the environment of a parent: its hash seed and its padding, the same for the same round always."""
    draw = random.Random(f"{seed}/{number}/{client}")
    return {"PYTHONHASHSEED": str(draw.randrange(1, 2**32)), "SERLAB_PADDING": "x" * draw.randrange(MAX_PADDING)}


class Parents:
    """A context manager around a round's parents. ``client`` puts all codecs into one kind.

    ``kinds`` are those of codecs that another environment has; ``python`` and ``environment`` are that environment.
    """

    def __init__(
        self,
        codecs: Iterable[str],
        *,
        seed: int,
        number: int,
        client: Client | None = None,
        kinds: Mapping[str, Client] | None = None,
        python: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._client, self._kinds = client, kinds or {}
        grouped: dict[Client, list[str]] = {}
        for codec in codecs:
            grouped.setdefault(self.kind(codec), []).append(codec)
        # All codecs in one kind, and none among them that imports TensorFlow by itself.
        if client == "tensorflow" and grouped and not any(client_of(name) == client for name in grouped[client]):
            grouped[client].append(_IMPORTS_TENSORFLOW)
        self._workers = {
            kind: Workers(
                names, python=python, environment={**layout(seed, number, kind), **(environment or {})}, eager=False
            )
            for kind, names in sorted(grouped.items())
        }
        self._open = ExitStack()

    def __enter__(self) -> Parents:
        with ExitStack() as opened:
            for workers in self._workers.values():
                opened.enter_context(workers)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def kind(self, codec: str) -> Client:
        """Return the kind of client that a codec is measured in."""
        return self._client or self._kinds.get(codec) or client_of(codec)

    def of(self, codec: str) -> Workers:
        """Return the parent whose forks measure a codec."""
        return self._workers[self.kind(codec)]


#: Whose forks measure codecs: those of their kinds of client, or one process's where kinds do not matter.
Clients = Parents | Workers
