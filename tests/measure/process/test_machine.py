from __future__ import annotations

from typing import NamedTuple

import pytest

from serlab.measure.process.machine import cores_in_use


class Times(NamedTuple):
    user: float = 0.0
    nice: float = 0.0
    system: float = 0.0
    idle: float = 0.0
    iowait: float = 0.0
    irq: float = 0.0
    softirq: float = 0.0
    steal: float = 0.0
    guest: float = 0.0


class FewTimes(NamedTuple):
    """What macOS and Windows tell."""

    user: float
    system: float
    idle: float


@pytest.mark.parametrize(
    ("spent", "cores"),
    [
        (Times(user=1.0, idle=1.0), 1.0),
        (Times(user=0.5, system=0.5, iowait=3.0), 0.5),
        (Times(irq=0.5, softirq=0.5, steal=1.0, idle=2.0), 1.0),
        (Times(nice=1.0, idle=3.0), 0.5),
        (Times(user=1.0, guest=1.0, idle=1.0), 1.0),  # a guest's time is part of user's
    ],
)
def test_cores_in_use_are_all_that_neither_idle_nor_wait_for_a_disk(spent: Times, cores: float) -> None:
    assert cores_in_use(Times(), spent, 2) == pytest.approx(cores)


def test_where_a_system_tells_less_there_is_a_figure_and_without_time_there_is_none() -> None:
    assert cores_in_use(FewTimes(1, 1, 1), FewTimes(2, 2, 3), 4) == pytest.approx(2.0)
    assert cores_in_use(Times(idle=1.0), Times(idle=1.0), 2) is None
