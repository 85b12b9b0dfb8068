"""Are a model's answers what they seem: the same over both protocols, small enough, and not held back?"""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from statistics import median

import numpy as np

from serlab.codecs import registry
from serlab.codecs.base import Tensor
from serlab.errors import SerlabError
from serlab.measure.doctor.patient import Finding, Patient
from serlab.measure.endtoend import answered_form
from serlab.transports.registry import open_transport

PREDICT, VALUES, LIMIT, DELAYED_ACK = "Predict", "values over REST", "message limit", "delayed ACK"

#: grpc's default for ``grpc.max_receive_message_length``.
DEFAULT_LIMIT_BYTES = 4 * 2**20
#: Linux holds an acknowledgement back for 40 ms; half of that cannot be noise of the loopback.
HELD_BACK_S = 0.020
#: Calls per setting; the median of so few is steady against a delay that is there every time.
_CALLS = 5
#: Both protocols run the same graph; what is left is rounding in text and in parallel sums.
_RELATIVE, _ABSOLUTE = 1e-3, 1e-6


def check_predict(patient: Patient) -> Finding:
    """Whether a Predict call succeeds over each protocol that can be asked; the server's words where it does not."""
    asked = [
        (protocol, answer)
        for protocol, offered, answer in (
            ("gRPC", patient.endpoint.grpc, patient.grpc_answer),
            ("REST", patient.endpoint.rest, patient.rest_answer),
        )
        if offered
    ]
    failed = [f"over {protocol}: {answer.trouble}" for protocol, answer in asked if answer.failed]
    if failed:
        return Finding(PREDICT, "found", "; ".join(failed), "Call the model with a payload that it takes (--payload).")
    answered = [protocol for protocol, answer in asked if answer.body]
    if not answered:
        reasons = dict.fromkeys(answer.trouble for _, answer in asked)
        return Finding(PREDICT, "not checked", "; ".join(reasons) or "neither protocol gets through")
    return Finding(PREDICT, "ok", f"answered over {' and '.join(answered)}")


def check_values(patient: Patient) -> Finding:
    """Whether REST answers what gRPC answers.

    A TensorFlow Serving started with ``--enable_serialization_as_tensor_content`` answers zeros over REST, with status
    200: its JSON writer reads the typed fields, which are then empty.
    """
    over_grpc, over_rest = patient.grpc_answer, patient.rest_answer
    for answer, protocol in ((over_grpc, "gRPC"), (over_rest, "REST")):
        if answer.tensors is None:
            return Finding(VALUES, "not checked", f"no answer over {protocol}: {answer.reason}")
    assert over_grpc.tensors is not None
    assert over_rest.tensors is not None
    pairs = [(name, expected, over_rest.tensors[name]) for name, expected in over_grpc.tensors.items()]
    told_something = [np.any(told) for _, _, told in pairs]
    if not any(told_something) and any(np.any(expected) for _, expected, _ in pairs):
        return Finding(
            VALUES,
            "found",
            "REST answers zeros with status 200 where gRPC answers numbers",
            "Start the server without --enable_serialization_as_tensor_content, or do not use its REST API.",
        )
    for name, expected, told in pairs:
        if not _agree(expected.reshape(-1), told.reshape(-1)):
            return Finding(
                VALUES,
                "found",
                f"REST and gRPC answer the same call differently in {name}: {told.size} and {expected.size} values, "
                f"first {told.reshape(-1)[:1].tolist()} and {expected.reshape(-1)[:1].tolist()}",
                "Is the model random, or do the two ports lead to different models?",
            )
    total = sum(expected.size for _, expected, _ in pairs)
    return Finding(VALUES, "ok", f"{total:,} values over both; gRPC answers in {answered_form(over_grpc.body)} form")


def _agree(expected: Tensor, told: Tensor) -> bool:
    if expected.shape != told.shape:
        return False
    if expected.dtype.hasobject:
        return bool(np.array_equal(expected, told))
    return bool(np.allclose(told, expected, _RELATIVE, _ABSOLUTE, equal_nan=True))


def check_message_limit(patient: Patient) -> Finding:
    """Whether a client with default options would refuse the answer."""
    answer = patient.grpc_answer
    if not answer.body:
        return Finding(LIMIT, "not checked", f"no answer over gRPC: {answer.reason}")
    size = len(answer.body)
    if size > DEFAULT_LIMIT_BYTES:
        return Finding(
            LIMIT,
            "found",
            f"the answer has {size:,} bytes; a client with default options refuses more than {DEFAULT_LIMIT_BYTES:,} "
            "with RESOURCE_EXHAUSTED",
            "Set the channel option grpc.max_receive_message_length.",
        )
    return Finding(LIMIT, "ok", f"the answer has {size:,} bytes of the {DEFAULT_LIMIT_BYTES:,} that a client takes")


def check_delayed_ack(patient: Patient) -> Finding:
    """Whether REST answers of this size wait for the client's delayed acknowledgement.

    A server that writes an answer in pieces with Nagle's algorithm on holds the second one until the first has been
    acknowledged. TensorFlow Serving does so for answers of more than 16 KiB and less than about 64 KiB.
    """
    if not hasattr(socket, "TCP_QUICKACK"):
        return Finding(DELAYED_ACK, "not checked", "this system has no TCP_QUICKACK to compare with")
    answer = patient.rest_answer
    if not answer.body:
        return Finding(DELAYED_ACK, "not checked", f"no answer over REST: {answer.reason}")
    try:
        late_s, quick_s = _exchange_s(patient, answer.codec)
    except SerlabError as error:
        return Finding(DELAYED_ACK, "not checked", str(error))
    times = f"{len(answer.body):,} bytes take {late_s * 1e3:.1f} ms, with TCP_QUICKACK {quick_s * 1e3:.1f} ms"
    if late_s - quick_s > HELD_BACK_S:
        return Finding(
            DELAYED_ACK,
            "note",
            f"REST answers are held back by the kernel: {times}",
            "Set TCP_QUICKACK around every read, as serlab does; most HTTP clients do not.",
        )
    return Finding(DELAYED_ACK, "ok", times)


def _exchange_s(patient: Patient, codec_name: str) -> tuple[float, float]:
    """Return the median seconds of an exchange without and with TCP_QUICKACK, taken in turns."""
    assert patient.call is not None
    codec, call = registry.get(codec_name), patient.call
    body = patient.encode(codec)
    late, quick = (replace(patient.options, quickack=quickack) for quickack in (False, True))
    times: tuple[list[float], list[float]] = ([], [])
    with (
        open_transport("rest", patient.endpoint, call, late) as without,
        open_transport("rest", patient.endpoint, call, quick) as with_it,
    ):
        for number in range(_CALLS + 1):
            for transport, into in ((without, times[0]), (with_it, times[1])):
                begin = time.perf_counter()
                transport.send(body)
                if number:  # the first connects
                    into.append(time.perf_counter() - begin)
    return median(times[0]), median(times[1])
