from __future__ import annotations

import msgspec
import pytest

from serlab.analysis.summary import summarize
from serlab.errors import StoreError
from serlab.records.published import parse_published
from serlab.records.run_data import RunData


def test_what_summary_prints_can_be_read_again(run_data: RunData) -> None:
    found = parse_published(msgspec.json.encode(summarize(run_data)), "a file")
    assert found.run.name == "box/run"
    assert {(call.payload, call.codec) for call in found.endtoend} == {
        ("image", codec) for codec in ("json", "orjson", "tensor-proto")
    }
    json_call = next(call for call in found.endtoend if call.codec == "json")
    assert json_call.exact is True
    assert json_call.total_s.p50 is not None
    assert json_call.total_s.low is not None
    assert json_call.total_s.low <= json_call.total_s.p50
    assert found.instance["kind"] == "embedded"


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"run": 1}', b'{"run": {"name": "x"}}'])
def test_what_is_no_summary_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(StoreError, match=r"mine\.json is no summary of a run"):
        parse_published(content, "mine.json")
