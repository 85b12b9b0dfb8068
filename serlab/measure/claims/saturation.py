"""ResNet-50 with 50 calls in flight: requests per second, and bytes on the wire."""

from __future__ import annotations

from serlab.analysis.words import counted
from serlab.errors import MeasureError
from serlab.measure.cases import shuffled
from serlab.measure.claims.lab import Lab, classifier_call, series
from serlab.measure.load.sweep import checked, load_step
from serlab.records import evidence as said
from serlab.records.claims import Evidence, Series
from serlab.records.load import LoadStep, StepLimits, StepSpec
from serlab.servable.resnet50 import RESNET50

#: The article's concurrency.
CONCURRENCY = 50
CODECS = ("json", "orjson", "base64", "tensor-proto")
#: The article's own two, for a run that has little time.
ARTICLE_CODECS = ("json", "tensor-proto")
#: A step of 50 calls that take seconds each lasts far beyond its windows: few rounds have to do.
MOST_ROUNDS = 3


def measure(lab: Lab) -> Evidence:
    """Put ResNet-50 under a closed loop of 50 calls through each codec, in shuffled rounds."""
    codecs = lab.available(CODECS if lab.effort.large else ARTICLE_CODECS)
    limits = StepLimits(warmup_s=lab.effort.load_s / 2, window_s=lab.effort.load_s / 3, min_windows=3, max_windows=4)
    steps: list[LoadStep] = []
    keep = lab.folder.gather("claims/saturation-steps")

    def take(step: LoadStep) -> None:
        steps.append(step)
        keep((step,))

    for number in range(min(lab.effort.rounds, MOST_ROUNDS) if lab.effort.large else 1):
        for codec in shuffled(codecs, lab.seed, number):
            spec = checked(StepSpec("image", codec, concurrency=CONCURRENCY, processes=0))
            target = lab.on_target(classifier_call(RESNET50, codec))
            step = load_step(lab.clients, target, spec, limits=limits, seed=lab.seed, round_number=number, keep=take)
            if step.failure:
                lab.say.remark(f"{spec.id}: {step.failure}")
    lab.folder.write_part("claims/saturation-steps", steps)
    answered = [step for step in steps if step.calls and not step.failure]
    if not answered:
        raise MeasureError(f"no call was answered: {'; '.join(sorted({step.failure for step in steps}))}")
    facts: dict[str, str | int | float | bool] = {"in flight": CONCURRENCY, "steps": "claims/saturation-steps.json"}
    for codec in codecs:
        mine = [step for step in answered if step.spec.codec == codec]
        errors = sum(sum(step.errors.values()) for step in mine)
        if errors:
            facts[f"errors, {codec}"] = errors
            lab.missing.append(f"{counted(errors, 'call')} with {codec} failed")
    return Evidence("saturation", tuple(_series(answered, codecs)), facts)


def _series(steps: list[LoadStep], codecs: list[str]) -> list[Series]:
    listed = []
    for codec in codecs:
        mine = [step for step in steps if step.spec.codec == codec]
        if mine:
            throughput = {step.round: step.throughput_per_s for step in mine}
            size = {step.round: step.request_bytes + step.response_bytes for step in mine}
            network = {step.round: 8 * step.wire_bytes_per_s for step in mine}
            listed += [
                series(said.THROUGHPUT, "1/s", throughput, codec=codec),
                series(said.CALL_BYTES, "bytes", size, codec=codec),
                series(said.NETWORK, "bit/s", network, codec=codec),
            ]
    return listed
