"""Every float16 and bfloat16 there is, through every gRPC codec, both forms, both legs, with no server."""

from __future__ import annotations

import pytest

from serlab.codecs import registry
from serlab.measure.precision.lab import Plan, PrecisionLab
from serlab.records.run import FORMS

GRPC = [name for name in registry.names() if registry.describe(name)["transport"] == "grpc"]


def test_there_are_grpc_codecs_to_try() -> None:
    assert {"tensor-proto", "tensor-proto-values"} <= set(GRPC)


@pytest.mark.parametrize("name", GRPC)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_all_65_536_patterns_come_back_with_the_same_bits(name: str, dtype: str) -> None:
    if name in registry.unavailable():
        pytest.skip(registry.unavailable()[name])
    report = PrecisionLab(Plan((name,), (dtype,))).run()
    tried: dict[tuple[str, str | None], int] = {}
    for cell in report.cells:
        assert cell.exactness.exact, f"{cell.leg} {cell.form}: {cell.value_class}: {cell.exactness}"
        tried[cell.leg, cell.form] = tried.get((cell.leg, cell.form), 0) + cell.exactness.elements
    legs = {("request", None), *((leg, form) for leg in ("response", "both") for form in FORMS)}
    assert tried == dict.fromkeys(legs, 65_536)
