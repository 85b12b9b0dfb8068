"""What the client holds: bytes that encoding a tensor allocates, in payloads, and what an upload adds."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from serlab.analysis.cpu import copies_per_byte
from serlab.codecs import registry
from serlab.codecs.tensor_proto import TensorProtoCodec
from serlab.errors import MeasureError
from serlab.measure.calls import Subject
from serlab.measure.claims.lab import Lab, classifier_call, series
from serlab.measure.cpu import profile as cpu
from serlab.measure.deployment.upload import measure_upload
from serlab.measure.memory.capture import read_capture, track
from serlab.measure.memory.phase import profile_case
from serlab.payload import parse_payload
from serlab.records import evidence as said
from serlab.records.claims import Evidence
from serlab.records.run import Case
from serlab.servable.resnet50 import RESNET50

PAYLOAD = "image"
WHOLE_REQUESTS = ("tensor-proto", "wire", "raw")
#: Whose copies scalene counts; it needs some ten seconds for each.
COPYING = ("tensor-proto", "wire")


def measure(lab: Lab) -> Evidence:
    """Profile make_tensor_proto alone, then whole requests; the captures lie in the run's ``memory/``."""
    listed = []
    for codec in lab.available(WHOLE_REQUESTS):
        profile = profile_case(lab.of(codec), lab.folder, Case(PAYLOAD, codec, "encode"), Subject(PAYLOAD, lab.seed))
        lab.keep_profile(profile)
        ratio = profile.allocated_bytes / profile.raw_bytes
        listed.append(series(said.ALLOCATED, "ratio", {0: ratio}, codec=codec, payload=PAYLOAD))
    capture = lab.folder.memory_folder / f"{said.MAKE_TENSOR_PROTO}--{PAYLOAD}.bin"
    alone = lab.of("tensor-proto").call(profile_message, lab.seed, capture)
    listed.append(series(said.ALLOCATED, "ratio", {0: alone}, codec=said.MAKE_TENSOR_PROTO, payload=PAYLOAD))
    facts: dict[str, str] = {}
    if lab.effort.large:
        for codec in lab.available(COPYING):
            try:
                listed.append(series(said.COPY_VOLUME, "ratio", {0: _copied(lab, codec)}, codec=codec, payload=PAYLOAD))
            except MeasureError as error:
                facts[f"no copy volume of {codec}"] = str(error)
    return Evidence("copies", tuple(listed), facts)


def _copied(lab: Lab, codec: str) -> float:
    """Return scalene's copy volume of one encode in multiples of the payload."""
    raw_bytes = parse_payload(PAYLOAD, seed=lab.seed).raw_bytes
    profile = cpu.profile(Case(PAYLOAD, codec, "encode"), raw_bytes, lab.seed, lab.folder.path / "cpu")
    found = copies_per_byte(profile)
    if found is None:
        raise MeasureError(f"scalene saw no whole call of {codec}")
    return found.median


def profile_message(seed: int, capture: Path) -> float:
    """Be one fresh process that makes one TensorProto under memray; return bytes allocated ÷ payload bytes."""
    codec = registry.get("tensor-proto")
    if not isinstance(codec, TensorProtoCodec):
        raise MeasureError("the codec tensor-proto is not the lab's own")
    payload = parse_payload(PAYLOAD, seed=seed)
    tensor = payload.array()
    codec.tensor_message(tensor[:, :1, :1])  # lazy imports are not the message's
    track(partial(codec.tensor_message, tensor), capture)
    found = read_capture(Case(PAYLOAD, said.MAKE_TENSOR_PROTO, "encode"), payload.raw_bytes, capture)
    return found.allocated_bytes / payload.raw_bytes


SMALL, LARGE = "4x224x224x3:float32", "batch-16"
#: The same text made in pieces and made at once; and what the article's client does.
SETTINGS = {"json-chunked": said.CHUNKED, "orjson": said.WHOLE, "json": f"{said.WHOLE}, .tolist() + json"}


def measure_upload_peak(lab: Lab) -> Evidence:
    """Upload batches of two sizes to ResNet-50, whose answers are small, with memray watching the client."""
    target = lab.on_target(classifier_call(RESNET50, "json-chunked"))
    both = ("json-chunked", "orjson")
    # memray records each of the article's float objects: of a small batch that takes seconds.
    wanted = {LARGE: both, SMALL: (*both, "json") if lab.effort.large else both}
    listed = []
    for payload, codecs in wanted.items():
        report = measure_upload(
            lab.clients, target, lab.folder, payloads=(payload,), codecs=lab.available(codecs), seed=lab.seed
        )
        if report.failures:
            raise MeasureError("; ".join(f"{case}: {text}" for case, text in report.failures.items()))
        for found in report.profiles:
            lab.keep_profile(found.profile)
            setting = SETTINGS[found.profile.case.codec]
            listed.append(series(said.PEAK, "bytes", {0: found.profile.peak_bytes}, payload=payload, setting=setting))
    return Evidence("upload", tuple(listed))
