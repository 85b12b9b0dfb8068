"""What importing TensorFlow costs a client that does not use it, and what ``gc.freeze()`` gives back.

TensorFlow's modules are some million objects that Python's collector walks through in every full pass; a client that
makes many objects of its own, as one that reads and writes JSON does, pays for them. ``gc.freeze()`` takes them out of
the collector's sight.
"""

from __future__ import annotations

from statistics import fmean

from serlab.codecs import registry
from serlab.errors import MeasureError
from serlab.measure.calls import Subject
from serlab.measure.cases import shuffled
from serlab.measure.chunks import time_chunks
from serlab.measure.claims.lab import Lab, series
from serlab.measure.plan import Client
from serlab.measure.process.parents import Parents
from serlab.records import evidence as said
from serlab.records.claims import Evidence
from serlab.records.run import OPS, Case

CODEC, PAYLOAD = "json", "image"
#: Long enough for the collector's full passes, which the mean counts.
RUN_S = 1.5
_SETTINGS: tuple[tuple[str, Client, bool], ...] = (
    (said.LIGHT, "light", False), (said.WITH_TENSORFLOW, "tensorflow", False), (said.FROZEN, "tensorflow", True),
)  # fmt: skip


def measure(lab: Lab) -> Evidence:
    """Time encode and decode of one image in each kind of client, in new parents every round; means, not minima.

    Raises:
        MeasureError: TensorFlow is not installed.
    """
    if "tensor-proto" not in registry.available():
        raise MeasureError("TensorFlow is not installed: there is nothing to import")
    subject = Subject(PAYLOAD, lab.seed)
    found: dict[str, dict[int, float]] = {setting: {} for setting, _, _ in _SETTINGS}
    for number in range(lab.effort.rounds):
        kinds: tuple[Client, Client] = ("light", "tensorflow")
        with (
            Parents([CODEC], seed=lab.seed, number=number, client=kinds[0]) as light,
            Parents([CODEC], seed=lab.seed, number=number, client=kinds[1]) as heavy,
        ):
            for setting, kind, freeze in shuffled(_SETTINGS, lab.seed, number):
                workers = (light if kind == "light" else heavy).of(CODEC)
                costs = [
                    workers.call(time_chunks, Case(PAYLOAD, CODEC, op), subject, loops=1, chunk_s=0.0, run_s=RUN_S,
                                 freeze=freeze, dear=False)
                    for op in OPS
                ]  # fmt: skip
                found[setting][number] = sum(fmean(chunks.values_s) for chunks in costs)
    listed = [
        series(said.TIME, "s", times, codec=CODEC, payload=PAYLOAD, setting=name) for name, times in found.items()
    ]
    return Evidence("clients", tuple(listed))
