"""What uploading a batch as JSON adds to the client's memory: as one body, and made while it is sent."""

from __future__ import annotations

from serlab.errors import MeasureError
from serlab.measure.claims.lab import Lab, classifier_call, series
from serlab.measure.deployment.upload import measure_upload
from serlab.records import evidence as said
from serlab.records.claims import Evidence
from serlab.servable.resnet50 import RESNET50

SMALL, LARGE = "4x224x224x3:float32", "batch-16"
#: The same text made in pieces and made at once; and what the article's client does.
SETTINGS = {"json-chunked": said.CHUNKED, "orjson": said.WHOLE, "json": f"{said.WHOLE}, .tolist() + json"}


def measure(lab: Lab) -> Evidence:
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
