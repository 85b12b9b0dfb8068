"""How long an image is in each format, and how long decoding an answer takes, by payload size."""

from __future__ import annotations

from serlab.codecs import registry
from serlab.errors import MeasureError
from serlab.measure.calls import Subject, echo_call
from serlab.measure.cases import shuffled
from serlab.measure.claims.lab import Lab, series
from serlab.measure.plan import find_profile
from serlab.measure.process.parents import Parents
from serlab.measure.timing import Timing
from serlab.payload import parse_payload
from serlab.records import evidence as said
from serlab.records.claims import Evidence
from serlab.records.run import Case, Form

JSON_CODECS = ("json", "json-orjson-list", "orjson")
WHOLE_REQUESTS = ("tensor-proto", "tensor-proto-values", "wire", "base64")
DISTRIBUTIONS = ("uniform", "normal", "integers")


def measure(lab: Lab) -> Evidence:
    """Return the raw size, and the request's length of each JSON codec and distribution and of the other codecs."""
    listed = [series(said.RAW_BYTES, "bytes", {0: parse_payload("image", seed=lab.seed).raw_bytes}, payload="image")]
    for codec in lab.available(JSON_CODECS):
        for distribution in DISTRIBUTIONS:
            length = _ask(lab, codec, f"image:{distribution}")["request"]
            listed.append(
                series(said.REQUEST_BYTES, "bytes", {0: length}, codec=codec, payload="image", setting=distribution)
            )
    for codec in lab.available(WHOLE_REQUESTS):
        found = _ask(lab, codec, "image")
        listed.append(series(said.REQUEST_BYTES, "bytes", {0: found["request"]}, codec=codec, payload="image"))
        if codec == "tensor-proto":
            listed.append(series(said.MESSAGE_BYTES, "bytes", {0: found["message"]}, payload="image"))
    return Evidence("sizes", tuple(listed))


def _ask(lab: Lab, codec: str, payload: str) -> dict[str, int]:
    return lab.of(codec).call(lengths, codec, payload, lab.seed)


def lengths(codec_name: str, payload_spec: str, seed: int) -> dict[str, int]:
    """Be a fresh process that encodes one payload; return the length of the request and of the TensorProto in it."""
    codec, payload = registry.get(codec_name), parse_payload(payload_spec, seed=seed)
    call = echo_call(codec, payload)
    body = codec.encode(payload.build(call.inputs), call)
    return {"request": len(body), "message": tensor_length(body) if codec.transport == "grpc" else 0}


def tensor_length(request: bytes) -> int:
    """Return the length of the only TensorProto in a serialized PredictRequest."""
    from serlab.wire.fields import map_entries

    # PredictRequest { map<string, TensorProto> inputs = 2 }
    ((_, (start, stop)),) = map_entries(request, (0, len(request)), 2)
    return stop - start


PAYLOADS = ("vector-1k", "vector-10k", "image")
DECODERS: tuple[tuple[str, Form | None], ...] = (
    ("json", None), ("json-simdjson", None),
    ("tensor-proto", "values"), ("tensor-proto", "content"), ("wire", "values"),
)  # fmt: skip


def measure_parsing(lab: Lab) -> Evidence:
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
