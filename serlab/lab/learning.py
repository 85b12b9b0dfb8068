"""What ``serlab law fit`` does: opens an instance with what laws are learnt from, and keeps what it learns."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from serlab.codecs import registry
from serlab.connection.questions import ModelMissingError
from serlab.errors import UsageError
from serlab.lab.laws import BUDGET_S, learn
from serlab.lab.live_target import fit_payloads, is_running
from serlab.measure.calls import Subject, taken_by
from serlab.measure.laws import Probe
from serlab.payload import DEFAULT_SEED, parse_payload
from serlab.records.law_files import visits_file, write_law
from serlab.records.store import check_writable
from serlab.servable import ensure_model
from serlab.servable.signatures import ECHO_MODEL
from serlab.servable.sizes import SIZES_MODEL
from serlab.serving.registry import parse_serving
from serlab.serving.status import is_available

if TYPE_CHECKING:
    from serlab.records.law import Law
    from serlab.records.run import Endpoint
    from serlab.serving.base import ServingOptions

#: Rows that a user's model is sent; sizes that it has no room for are left out.
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
#: A larger request would take the time of all the others.
MAX_BODY_BYTES = 16 * 2**20
#: The leanest codec of each route: what it costs itself is no part of the law.
_SENDERS = ("wire", "orjson", "base64-simd")


def fit_instance(name: str, serving: ServingOptions, results: Path, budget_s: float = BUDGET_S) -> tuple[Law, Path]:
    """Learn the law of the instance that ``serving`` names, keep it as ``results/laws/NAME.json``, return both.

    Raises:
        ServingError, ServableError, UsageError: the instance cannot be started or reached, or its model not be sent.
        MeasureError: nothing could be fitted.
    """
    check_writable(results)
    if name:
        visits_file(name, results)  # a name that cannot be is told before a server is started
    with _open(serving) as (endpoint, probes):
        name = name or endpoint.kind
        kept = visits_file(name, results)
        try:
            law = learn(name, endpoint, serving.client, probes, budget_s=budget_s, kept=kept)
        except BaseException:
            if kept.exists():
                print(f"kept in {kept}: the same command goes on from there", file=sys.stderr)
            raise
    if probes is not None:
        law = replace(law, remarks=(*law.remarks, f"floors hold the own work of model {serving.model}"))
    return law, write_law(law, results)


@contextmanager
def _open(serving: ServingOptions) -> Iterator[tuple[Endpoint, list[Probe] | None]]:
    """Yield the endpoint, and probes of the user's model where the lab's own servable is not served."""
    if not is_running(serving):
        if serving.model not in ("", SIZES_MODEL):
            raise UsageError(
                f"laws of a server that serlab starts are learnt with its own {SIZES_MODEL}: leave --model out"
            )
        with parse_serving(replace(serving, model=""), {SIZES_MODEL: ensure_model(SIZES_MODEL)}) as endpoint:
            yield endpoint, None
        return
    try:
        instance = parse_serving(replace(serving, model=serving.model or SIZES_MODEL), {})
        with instance as endpoint:
            lab = serving.model in ("", SIZES_MODEL) and is_available(endpoint, SIZES_MODEL, serving.client)
            yield endpoint, None if lab else model_probes(endpoint, serving)
    except ModelMissingError as error:
        if serving.model:
            raise
        raise UsageError(f"{error}: name a model that this server has with --model") from error


def model_probes(
    endpoint: Endpoint, serving: ServingOptions, batches: Sequence[int] = BATCHES, seed: int = DEFAULT_SEED
) -> list[Probe]:
    """Return probes of a model of anyone's: its own inputs in batches, by the leanest codec of each route it takes.

    Raises:
        UsageError: its inputs cannot be made, whatever the batch.
    """
    found: list[Probe] = []
    if serving.model == ECHO_MODEL and not serving.signature:
        raise UsageError(
            f"the lab's {ECHO_MODEL} takes any size, and a law is learnt from known ones: name a model of your own, "
            f"or leave --model out if the server has {SIZES_MODEL}"
        )
    for rows in batches if serving.batch is None else (serving.batch,):
        try:
            (spec,), call = fit_payloads(replace(serving, batch=rows), endpoint, (), seed)
        except UsageError:
            if not found:
                raise
            break
        payload = parse_payload(spec, seed=seed)
        if call is None or payload.raw_bytes > MAX_BODY_BYTES:
            break
        for codec in _SENDERS:
            kind, sent = registry.codec_class(codec), payload.specs(call.inputs)
            offered = endpoint.grpc if kind.transport == "grpc" else endpoint.rest
            if offered and kind.route and not registry.refusal(codec, sent, taken_by(kind, call)):
                exchange = Subject(spec, seed, call).exchange(codec)
                body = exchange.codec.encode(exchange.tensors, exchange.call)
                found.append(Probe(kind.route, call.model, rows, call.model, bytes(body)))
    return found
