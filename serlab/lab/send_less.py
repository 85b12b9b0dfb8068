"""Measures what sending less comes to: every representation over every codec, in shuffled rounds, on a real model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from serlab.codecs import registry
from serlab.errors import MeasureError, SerlabError
from serlab.lab.keeping import added_to
from serlab.lab.live_target import describe, has_own_model, make_target, open_endpoint
from serlab.lab.progress import ProgressShow
from serlab.measure.cases import shuffled
from serlab.measure.plan import LessPlan, Plan, Profile
from serlab.measure.process.parents import Parents
from serlab.measure.send_less import Way, changed_values, compare_answers, find_way, measure_way, sending_peak
from serlab.measure.target import Target
from serlab.payload import CATALOGUE, Payload, parse_payload
from serlab.records.run import RunInfo
from serlab.records.send_less import PART, SendLess, SentAs
from serlab.records.store import RunFolder
from serlab.representations.as_is import AsIs
from serlab.representations.registry import parse_all
from serlab.serving.base import ServingOptions
from serlab.serving.model import ModelMetadata, read_metadata

#: What a run sends less of unless told otherwise: photographs, as floats and as bytes.
PAYLOADS = ("image:photo", "image-u8:photo")
#: What people start from over REST and gRPC, and the best of each.
CODECS = ("json", "orjson", "base64", "tensor-proto", "wire")
#: Six is the fewest that carry a 95 % interval.
ROUNDS = 6
#: A signature's first call lets the server optimize its graph, which takes seconds for ResNet-50 on two cores.
FIRST_CALL_S = 60.0
#: Requests that answers are compared on, and the codec that carries them: exact, whatever the dtype.
COMPARED_REQUESTS = 16
COMPARED_OVER = ("wire", "tensor-proto", "orjson", "json")


def chosen_model(payload: Payload) -> str:
    """Return the lab's model that takes such a payload, "" if none but the echo does."""
    if len(payload.tensors) > 1:
        return ""
    dtype, features = payload.dtype, payload.shape[1:]
    if dtype == "uint8" and len(features) == 3 and features[2] == 3:
        return "detector"
    if dtype != "float32":
        return ""
    return {(224, 224, 3): "resnet50", (256,): "mlp-1k", (2560,): "mlp-10k"}.get(features, "")


def plan_less(
    limits: Profile, asked: Sequence[str], payloads: Sequence[str], codecs: Sequence[str], rounds: int | None
) -> LessPlan | None:
    """Return what to send less of; None where neither the user nor the profile wants that.

    Raises:
        UnknownNameError, RepresentationError: a representation that is none, or cannot be used here.
    """
    wanted = parse_all(asked or limits.send_as)
    if not wanted:
        return None
    # Ratios are to the request as it is, so that is always measured.
    specs = dict.fromkeys([AsIs.name, *(one.spec for one in wanted)])
    return LessPlan(
        tuple(specs),
        tuple(dict.fromkeys(map(as_photo, payloads or PAYLOADS))),
        codecs_for(codecs),
        rounds or min(limits.max_rounds, ROUNDS),
        limits.calls_s / 2,
    )


def send_less(
    folder: RunFolder,
    plan: Plan,
    serving: ServingOptions,
    *,
    requests: int = COMPARED_REQUESTS,
    quiet: bool = False,
) -> RunInfo:
    """Measure and keep the part ``send_less`` of a run that plans it; what could not be measured is in ``missing``.

    Without a model of the user's, the lab's own that takes the payload is served.

    Raises:
        ServingError, ServableError: an instance cannot be started.
    """
    less, seed = plan.less, plan.seed
    reports: list[SendLess] = list(folder.read_part(PART, tuple[SendLess, ...], ()))
    missing: list[str] = []
    if less is None:
        return folder.read_info()
    specs, codecs = less.representations, less.codecs
    for spec in plan.payloads if has_own_model(serving) else less.payloads:
        if any(report.payload == spec for report in reports):
            continue
        payload = parse_payload(spec, seed=seed)
        model = serving.model if has_own_model(serving) else chosen_model(payload)
        if not model:
            missing.append(f"send less: no model of the lab but the echo takes {spec}: name one with --model")
            continue
        with (
            added_to(folder),
            open_endpoint(replace(serving, model=model)) as endpoint,
            ProgressShow(quiet=quiet) as show,
        ):
            served = replace(serving, model=model)
            metadata = read_metadata(endpoint, model, serving.client, version=serving.version, label=serving.label)
            client = replace(serving.client, timeout_s=max(serving.client.timeout_s, FIRST_CALL_S))
            target = make_target(endpoint, client, None, (spec,), seed)
            compared = registry.usable(COMPARED_OVER)
            with Parents((*codecs, *compared), seed=seed, number=0, client=plan.client) as parents:
                found = _Sweep(parents, target, metadata, served, spec, seed, show)
                ways = found.run(specs, codecs, less.rounds, less.calls_s, requests)
            reports.append(
                SendLess(spec, model, payload.raw_bytes, seed, less.rounds, ways, describe(served, endpoint))
            )
            missing += [
                f"send less: {spec} as {way.representation} over {way.codec}: {lacking}"
                for way in ways
                if (lacking := _lacking(way, less.rounds))
            ]
            folder.write_part(PART, tuple(reports))
    info = folder.read_info()
    info = replace(info, missing=(*info.missing, *missing))
    folder.write_info(info)
    return info


def _lacking(way: SentAs, rounds: int) -> str:
    """Say what keeps a way that the model takes from being complete, "" where nothing does."""
    done = sum(1 for run in way.runs if run.calls and not run.error)
    why = next((f": {run.error}" for run in way.runs if run.error), "")
    return f"{done} of {rounds} clients ended well{why}" if done < rounds and not way.failure else ""


def as_photo(spec: str) -> str:
    """Return the catalogue's images as photographs: noise is nothing that anyone would send as a JPEG."""
    tensor = CATALOGUE.get(spec)
    return f"{spec}:photo" if tensor and len(tensor.shape) == 4 else spec


class _Sweep:
    """Every way of sending one payload to one model."""

    def __init__(
        self,
        parents: Parents,
        target: Target,
        metadata: ModelMetadata,
        serving: ServingOptions,
        payload: str,
        seed: int,
        show: ProgressShow,
    ) -> None:
        self._parents, self._target, self._metadata = parents, target, metadata
        self._serving, self._payload, self._seed, self._show = serving, payload, seed, show

    def run(
        self, representations: Sequence[str], codecs: Sequence[str], rounds: int, calls_s: float, requests: int
    ) -> tuple[SentAs, ...]:
        found, ways = self._find(representations, codecs)
        endpoint, options = self._target.endpoint, self._target.options
        self._show.phase(f"send less: {self._payload}", len(ways) * (rounds + 1) + len(representations))
        compared = {spec: self._compare(spec, requests) for spec in representations}
        for key, way in ways.items():
            self._show.step(f"memory of {key[0]} over {key[1]}")
            values, answers = compared[key[0]]
            found[key] = replace(found[key], signature=way.call.signature, values=values, answers=answers,
                                 peak_bytes=self._tried(key[1], sending_peak, way))  # fmt: skip
        for number in range(rounds):
            for key in shuffled(list(ways), self._seed, number):
                self._show.step(f"{key[0]} over {key[1]}")
                before = found[key].runs
                if before and before[-1].error:
                    continue  # a server that refuses once refuses again
                run = self._tried(key[1], measure_way, endpoint, options, ways[key], number, calls_s)
                if run is not None:
                    found[key] = replace(found[key], runs=(*before, run))
        return tuple(found.values())

    def _find(
        self, representations: Sequence[str], codecs: Sequence[str]
    ) -> tuple[dict[tuple[str, str], SentAs], dict[tuple[str, str], Way]]:
        found, ways = {}, {}
        effects = {one.spec: one.effect for one in parse_all(representations)}
        offered = self._target.endpoint.transports
        for spec in representations:
            for codec in codecs:
                transport = registry.transport_of(codec)
                blank = SentAs(spec, effects[spec], codec, transport)
                try:
                    if transport not in offered:
                        raise MeasureError(f"the instance does not offer {transport}")
                    ways[spec, codec] = self._way(spec, codec)
                except SerlabError as error:
                    blank = replace(blank, failure=str(error))
                found[spec, codec] = blank
        return found, ways

    def _way(self, spec: str, codec: str) -> Way:
        return find_way(self._metadata, self._serving.wish, self._payload, self._seed, spec, codec)

    def _compare(self, spec: str, requests: int) -> tuple[Any, Any]:
        self._show.step(f"answers to {spec}")
        offered = self._target.endpoint.transports
        for codec in registry.usable(COMPARED_OVER):
            if registry.transport_of(codec) in offered:
                try:
                    way = self._way(spec, codec)
                except SerlabError:
                    continue
                values = self._tried(codec, changed_values, way)
                endpoint, options = self._target.endpoint, self._target.options
                limit = 1 if way.is_file else requests
                answers = self._tried(codec, compare_answers, endpoint, options, way.untouched, way, limit)
                return values, answers
        return None, None

    def _tried(self, codec: str, function: Any, *arguments: Any) -> Any:
        try:
            return self._parents.of(codec).call(function, *arguments)
        except MeasureError as error:
            self._show.remark(f"{function.__name__}: {error}")
            return None


def codecs_for(asked: Sequence[str]) -> tuple[str, ...]:
    """Return the codecs to send with: those asked for that a server takes, or ``CODECS``."""
    sent = tuple(name for name in asked if registry.transport_of(name) != "none")
    return sent or registry.usable(CODECS)
