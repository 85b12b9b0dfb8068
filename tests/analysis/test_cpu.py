from __future__ import annotations

from dataclasses import replace

import pytest

from serlab.analysis.cpu import COPY_SAMPLE_BYTES, copies_per_byte, time_shares
from serlab.analysis.endtoend import cpu_per_call
from serlab.records.profiles import CpuProfile
from serlab.records.run import Case
from serlab.records.run_data import RunData

PROFILE = CpuProfile(Case("image", "raw", "encode"), raw_bytes=2**20, calls=700, elapsed_s=1.0, python_percent=5.0,
                     native_percent=15.0, system_percent=5.0, own_percent=75.0, copy_mb_s=700.0,
                     profile="cpu/x.json")  # fmt: skip


def test_shares_leave_out_what_is_the_profilers_own() -> None:
    shares = time_shares(PROFILE)
    assert shares is not None
    assert (shares.python, shares.native, shares.system) == (0.2, 0.6, 0.2)
    assert shares.margin == pytest.approx(0.098)  # 100 samples


def test_a_profile_without_samples_has_no_shares() -> None:
    assert time_shares(replace(PROFILE, python_percent=0, native_percent=0, system_percent=0)) is None
    assert time_shares(replace(PROFILE, elapsed_s=0.001)) is None


def test_copies_are_bytes_copied_over_bytes_carried_with_the_samples_uncertainty() -> None:
    copies = copies_per_byte(PROFILE)
    assert copies is not None
    assert copies.median == pytest.approx(1.0)
    assert copies.runs == 700 * 2**20 // COPY_SAMPLE_BYTES
    assert (copies.low, copies.high) == (pytest.approx(0.804), pytest.approx(1.196))


def test_no_copy_sample_gives_an_upper_bound_not_a_zero() -> None:
    copies = copies_per_byte(replace(PROFILE, copy_mb_s=0.0, calls=7))
    assert copies is not None
    assert (copies.median, copies.low, copies.runs) == (0.0, 0.0, 0)
    assert copies.high == pytest.approx(3.0)


def test_nothing_carried_is_nothing_to_divide_by() -> None:
    assert copies_per_byte(replace(PROFILE, calls=0)) is None


def test_cpu_per_call_is_a_median_over_clients(run_data: RunData) -> None:
    clients = [run for run in run_data.endtoend if run.codec == "json"]
    found = cpu_per_call(clients)
    assert found["client"].median == pytest.approx(0.5 / 20)
    assert found["server"].median == pytest.approx(0.25 / 20)
    assert found["client"].runs == len(clients)


def test_a_server_out_of_sight_has_no_cpu(run_data: RunData) -> None:
    clients = [replace(run, server_cpu_s=None) for run in run_data.endtoend if run.codec == "json"]
    assert "server" not in cpu_per_call(clients)
    assert cpu_per_call([replace(run, calls=()) for run in clients]) == {}
