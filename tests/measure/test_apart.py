"""Calls without a server: between encode and decode is what an exchange does, and only the step itself is timed."""

from __future__ import annotations

import gc
from itertools import pairwise

import pytest

from serlab.codecs.base import Body, Call, Tensors
from serlab.measure import apart
from serlab.measure.apart import Sweeper, private_cache_bytes, shift_collector, time_apart
from serlab.measure.calls import Subject
from serlab.measure.chunks import time_step
from serlab.records.run import OPS, Case, Op

SUBJECT = Subject("vector-1k", 1)
EXCHANGE = SUBJECT.exchange("wire")


class Logging(Sweeper):
    """A sweeper and a codec that write down what is done, and the answers that were decoded."""

    def __init__(self) -> None:
        super().__init__(1.0, 64)
        self.transport = "grpc"
        self.log, self.answers = list[str](), list[Body]()

    def sweep(self) -> None:
        super().sweep()
        self.log.append("sweep")

    def encode(self, _tensors: Tensors, _call: Call) -> Body:
        self.log.append("encode")
        return b""

    def decode(self, body: Body, _call: Call) -> None:
        self.log.append("decode")
        self.answers.append(body)


@pytest.mark.parametrize("op", OPS)
def test_whichever_step_is_timed_every_call_has_both_with_an_exchange_between(op: Op) -> None:
    codec, answer = Logging(), EXCHANGE.response("values")
    assert time_apart(codec, op, EXCHANGE.tensors, answer, EXCHANGE.call, run_s=10.0, sweeper=codec).step_s > 0
    assert codec.log == ["encode", "sweep", "decode"] * apart.CALLS
    assert all(body == answer and body is not answer for body in codec.answers)


def test_where_time_is_short_there_are_few_calls_and_of_long_ones_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def calls() -> int:
        codec = Logging()
        time_apart(codec, "decode", EXCHANGE.tensors, b"answer", EXCHANGE.call, run_s=0.0, sweeper=codec)
        return len(codec.answers)

    assert calls() == apart.MIN_CALLS
    monkeypatch.setattr(apart, "LONG_S", 0.0)
    assert calls() == 1


def test_a_step_is_timed_as_its_case_says() -> None:
    for op in OPS:
        assert time_step(Case("vector-1k", "wire", op, "content" if op == "decode" else None), SUBJECT, 0.0, 0) > 0


def test_a_sweep_writes_a_line_of_every_place() -> None:
    sweeper = Sweeper(1.25, 4096)
    before = sweeper._lines.copy()
    sweeper.sweep()
    assert sweeper._lines.nbytes == 1.25 * 4096
    assert (sweeper._lines[:, 0] != before[:, 0]).all()


def test_a_cores_caches_are_between_a_few_kib_and_some_mib() -> None:
    assert 2**14 <= private_cache_bytes() <= 2**27


def test_an_answer_over_http_is_received_through_its_reader() -> None:
    codec = Logging()
    codec.transport = "rest"
    answer = b'{"outputs": 1}'
    time_apart(codec, "decode", EXCHANGE.tensors, answer, EXCHANGE.call, run_s=10.0, sweeper=codec)
    assert codec.answers == [answer] * apart.CALLS


def test_clients_of_a_run_begin_all_over_the_collectors_cycle() -> None:
    def passes(round_number: int) -> list[int]:
        before = [found["collections"] for found in gc.get_stats()]
        shift_collector(round_number)
        return [found["collections"] - count for found, count in zip(gc.get_stats(), before, strict=True)]

    begins = sorted(11 * middle + small for small, middle, _ in map(passes, range(8)))
    assert begins[0] == 0
    assert all(5 <= later - earlier <= 25 for earlier, later in pairwise(begins))
    assert passes(3) == passes(3)
