from __future__ import annotations

import subprocess
import sys
from collections import Counter

from serlab.measure.cases import shuffled, time_cases, with_transport
from serlab.records.run import Case


def test_every_payload_codec_and_op_is_a_case_and_grpc_decodes_once_per_form() -> None:
    found = time_cases(["image"], ["orjson", "tensor-proto"])
    assert set(found) == {
        Case("image", "orjson", "encode"),
        Case("image", "orjson", "decode"),
        Case("image", "tensor-proto", "encode"),
        Case("image", "tensor-proto", "decode", "values"),
        Case("image", "tensor-proto", "decode", "content"),
    }


def test_a_round_is_every_case_once_in_an_order_that_can_be_had_again() -> None:
    cases = time_cases(["image", "vector-1k"], ["json", "orjson", "raw"])
    rounds = [shuffled(cases, 7, number) for number in range(4)]
    for order in rounds:
        assert Counter(order) == Counter(cases)
    assert rounds == [shuffled(cases, 7, number) for number in range(4)]
    assert len({tuple(order) for order in rounds}) == 4
    assert shuffled(cases, 8, 0) != rounds[0]


def test_only_codecs_with_a_transport_on_offer_are_called() -> None:
    assert with_transport(["json", "tensor-proto", "raw"], ["rest", "none"]) == ["json"]
    assert with_transport(["json", "tensor-proto", "raw"], ["grpc", "rest"]) == ["json", "tensor-proto"]


def test_listing_cases_loads_no_codecs_library() -> None:
    code = (
        "import sys\n"
        "from serlab.measure.cases import time_cases, with_transport\n"
        "time_cases(['image'], ['tensor-proto', 'json'])\n"
        "with_transport(['tensor-proto'], ['grpc'])\n"
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
