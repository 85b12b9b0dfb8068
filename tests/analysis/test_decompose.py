from __future__ import annotations

import pytest

from serlab.analysis.decompose import decompose
from serlab.records.endtoend import CallSample, EndToEndRun
from serlab.records.run import Transport


def client(codec: str, number: int, encode_s: float, exchange_s: float, decode_s: float) -> EndToEndRun:
    transport: Transport = "grpc" if codec in ("tensor-proto", "wire") else "rest"
    call = CallSample(encode_s, exchange_s, decode_s, encode_s + exchange_s + decode_s)
    return EndToEndRun("image", codec, transport, number, (call, call), 1, 1, 0.0, None, None)


def ladder(rounds: int = 3) -> list[EndToEndRun]:
    """json takes 240 ms more than tensor-proto: 235 by its codec, 5 by the protocol; each round is a bit slower."""
    listed = []
    for number in range(rounds):
        drift = 0.001 * number
        listed += [
            client("json", number, 0.160, 0.120 + drift, 0.030),
            client("base64", number, 0.001, 0.065 + drift, 0.001),
            client("tensor-proto", number, 0.005, 0.060 + drift, 0.005),
        ]
    return listed


def test_the_gap_is_split_into_codec_and_protocol_which_add_up_to_it() -> None:
    found = decompose(ladder(), "image")
    assert found is not None
    assert found.gap_s is not None
    assert found.codec_s is not None
    assert found.protocol_s is not None
    assert found.gap_s.median == pytest.approx(0.240)
    assert found.protocol_s.median == pytest.approx(0.005)
    assert found.codec_s.median == pytest.approx(0.235)


def test_drift_between_rounds_does_not_widen_the_parts() -> None:
    found = decompose(ladder(), "image")
    assert found is not None
    assert found.protocol_s is not None
    assert found.protocol_s.high - found.protocol_s.low == pytest.approx(0.0, abs=1e-9)


def test_without_base64_the_parts_of_the_gap_are_not_known() -> None:
    found = decompose([run for run in ladder() if run.codec != "base64"], "image")
    assert found is not None
    assert found.gap_s is not None
    assert found.gap_s.median == pytest.approx(0.240)
    assert found.codec_s is found.protocol_s is None
    last = found.rungs[-1]
    assert last.change_s is not None
    assert last.change_s.median == pytest.approx(-0.240)
    assert last.codec_s is last.protocol_s is None


def test_each_rung_says_what_it_saves_over_the_one_before() -> None:
    found = decompose(ladder(), "image")
    assert found is not None
    assert [rung.codec for rung in found.rungs] == ["json", "base64", "tensor-proto"]
    first, base64, proto = found.rungs
    assert first.codec_s is first.protocol_s is None
    assert base64.codec_s is not None
    assert base64.protocol_s is not None
    assert (base64.codec_s.median, base64.protocol_s.median) == (pytest.approx(-0.243), 0.0)
    assert proto.codec_s is not None
    assert proto.protocol_s is not None
    assert (proto.codec_s.median, proto.protocol_s.median) == (pytest.approx(0.008), pytest.approx(-0.005))
    assert (proto.encode_s, proto.exchange_s, proto.decode_s) == pytest.approx((0.005, 0.061, 0.005))


def test_rounds_that_a_client_did_not_complete_are_left_out() -> None:
    runs = [*ladder(2), client("json", 2, 9.0, 9.0, 9.0)]
    found = decompose(runs, "image")
    assert found is not None
    assert found.rungs[0].total_s.runs == 2


def test_one_protocol_alone_has_rungs_and_no_gap() -> None:
    found = decompose([run for run in ladder() if run.transport == "rest"], "image")
    assert found is not None
    assert len(found.rungs) == 2
    assert found.gap_s is None


def test_too_little_cannot_be_taken_apart() -> None:
    assert decompose([], "image") is None
    assert decompose(ladder(), "tokens") is None
    assert decompose([run for run in ladder() if run.codec == "json"], "image") is None
