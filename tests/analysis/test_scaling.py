from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from serlab.analysis.scaling import group, scale
from serlab.analysis.view import RunView
from serlab.records.run import Case, PayloadInfo, Run
from serlab.records.run_data import RunData


def over_sizes(data: RunData, time: Callable[[int], float], sizes: tuple[int, ...], dtype: str = "float32") -> RunData:
    payloads = tuple(PayloadInfo(f"p{size}", (size,), dtype, "uniform", 1, size) for size in sizes)
    runs = tuple(
        Run(Case(f"p{size}", "json", "encode"), number, 1, (time(size),), time(size))
        for size in sizes
        for number in range(2)
    )
    return RunData(replace(data.info, payloads=payloads), runs)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_is_the_slope_on_logarithmic_scales(run_data: RunData, power: float) -> None:
    (found,) = scale(RunView(over_sizes(run_data, lambda size: 1e-9 * size**power, (1000, 10_000, 100_000))))
    assert found.exponent is not None
    assert found.exponent.median == pytest.approx(power)
    assert found.exponent.runs == 3


def test_a_fixed_cost_is_not_counted_to_the_bytes(run_data: RunData) -> None:
    (found,) = scale(RunView(over_sizes(run_data, lambda size: 1e-3 + 2e-9 * size, (1000, 1_000_000))))
    assert found.per_byte_s == pytest.approx(2e-9)
    assert found.exponent is None


def test_only_payloads_of_one_dtype_are_put_on_a_line(run_data: RunData) -> None:
    data = over_sizes(run_data, lambda size: 1e-9 * size, (1000, 10_000, 100_000))
    other = PayloadInfo("ints", (8,), "int64", "integers", 1, 64)
    run = Run(Case("ints", "json", "encode"), 0, 1, (1.0,), 1.0)
    view = RunView(
        replace(data, info=replace(data.info, payloads=(other, *data.info.payloads)), runs=(*data.runs, run))
    )
    assert [payload.name for payload in group(view)] == ["p1000", "p10000", "p100000"]
    assert len(scale(view)[0].points) == 3


def test_one_size_is_no_line(run_data: RunData) -> None:
    assert scale(RunView(run_data)) == ()
    assert scale(RunView(RunData(run_data.info))) == ()
