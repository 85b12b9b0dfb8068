"""How long decoding an answer takes in each format, by payload size."""

from __future__ import annotations

from serlab.errors import MeasureError
from serlab.measure.calls import Subject
from serlab.measure.cases import shuffled
from serlab.measure.claims.lab import Lab, series
from serlab.measure.plan import find_profile
from serlab.measure.process.parents import Parents
from serlab.measure.timing import Timing
from serlab.records import evidence as said
from serlab.records.claims import Evidence
from serlab.records.run import Case, Form

PAYLOADS = ("vector-1k", "vector-10k", "image")
DECODERS: tuple[tuple[str, Form | None], ...] = (
    ("json", None), ("json-simdjson", None),
    ("tensor-proto", "values"), ("tensor-proto", "content"), ("wire", "values"),
)  # fmt: skip


def measure(lab: Lab) -> Evidence:
    """Time every decoder in shuffled rounds; the suite lies in the run's ``time/decode.json``."""
    usable = lab.available(codec for codec, _ in DECODERS)
    cases = [
        Case(payload, codec, "decode", form) for payload in PAYLOADS for codec, form in DECODERS if codec in usable
    ]
    timing = Timing(lab.folder, find_profile("smoke"))
    for number in range(lab.effort.rounds):
        with Parents(usable, seed=lab.seed, number=number) as parents:
            for case in shuffled(cases, lab.seed, number):
                timing.run(parents.of(case.codec), case, Subject(case.payload, lab.seed), number)
    runs = lab.folder.read_runs()
    if not runs:
        raise MeasureError("no decoder could be timed")
    listed = []
    for case in cases:
        samples = {run.round: run.values_s for run in runs if run.case == case}
        listed.append(
            series(said.DECODE, "s", samples, codec=case.codec, payload=case.payload, setting=case.form or "")
        )
    return Evidence("parsing", tuple(listed))
