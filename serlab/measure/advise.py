"""Holds the answers to one way of sending against those to another: the task of a fresh process."""

from __future__ import annotations

import time
from collections.abc import Mapping

from serlab.analysis.representation import answer_change
from serlab.codecs import registry
from serlab.codecs.base import Tensor
from serlab.connection import TransportOptions
from serlab.errors import MeasureError
from serlab.measure.send_less import Way
from serlab.records.run import Endpoint
from serlab.records.send_less import AnswerChange
from serlab.representations.registry import parse
from serlab.transports.registry import open_transport


def compare_answers(
    endpoint: Endpoint, options: TransportOptions, reference: Way, way: Way, requests: int, limit_s: float
) -> AnswerChange:
    """Send up to ``requests`` seeded requests in both ways and compare the answers; stop after about ``limit_s``.

    ``reference`` is an exact way, over its own codec. A payload from a file is one request.

    Raises:
        TransportError, CodecError: the server answers one of them with an error.
        MeasureError: the two ways' signatures have other outputs.
    """
    exact, codec, found = registry.get(reference.codec), registry.get(way.codec), parse(way.representation)
    before, after = [], []
    with (
        open_transport(exact.transport, endpoint, reference.call, options) as plain,
        open_transport(codec.transport, endpoint, way.call, options) as transport,
    ):
        end = time.perf_counter() + limit_s
        for number in range(requests):
            tensors = way.tensors(way.seed + number)
            before.append(exact.decode(plain.send(exact.encode(tensors, reference.call)), reference.call))
            answer = transport.send(codec.encode(found.apply(tensors), way.call))
            after.append(_alike(codec.decode(answer, way.call), before[-1]))
            if time.perf_counter() > end:
                break
    return answer_change(before, after)


def _alike(found: Mapping[str, Tensor], like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return outputs by the names and in the shapes of ``like``: a signature of bytes says ``…_bytes``, and rows."""
    bare = {name.removesuffix("_bytes"): tensor for name, tensor in found.items()}
    if bare.keys() != like.keys():
        if len(bare) != 1 or len(like) != 1:
            raise MeasureError(f"the signature answers {', '.join(found)}, and not {', '.join(like)}")
        bare = dict.fromkeys(like, next(iter(bare.values())))
    try:
        return {name: bare[name].reshape(tensor.shape) for name, tensor in like.items()}
    except ValueError as error:
        raise MeasureError(f"the answers have other shapes: {error}") from error
