"""From outcomes to windows, late calls and outages."""

from __future__ import annotations

import numpy as np
import pytest

from serlab.errors import CodecError, TransportError
from serlab.measure.load.gather import Outcomes, count_errors, cut_windows, find_outages, late_calls
from serlab.measure.load.outcome import Batch, Failure, Tally, failure_code
from serlab.records.load import Outage


def answered(due: float, ended: float, *, sent: float | None = None, starved: bool = False) -> tuple[float, ...]:
    return (due, due if sent is None else sent, ended, float(starved), 0.1, 0.2, 0.3)


def failed(ended: float, code: str = "UNAVAILABLE", *, due: float | None = None) -> Failure:
    begin = ended - 0.001 if due is None else due
    return Failure(begin, begin, ended, 0.0, code, f"said {code}")


def outcomes(rows: list[tuple[float, ...]], failures: tuple[Failure, ...] = ()) -> Outcomes:
    return Outcomes(np.array(rows, np.float64).reshape(-1, 7), failures)


def test_batches_of_all_generators_make_one_table() -> None:
    tally = Tally()
    tally.succeeded(answered(0.0, 1.0))  # type: ignore[arg-type]
    tally.failed(failed(2.0))
    samples, failures = tally.take()
    batch = Batch(3.0, 0.5, samples, failures)
    merged = Outcomes.of([batch, batch])
    assert merged.latencies().tolist() == [1.0, 1.0]
    assert len(merged.failures) == 2
    assert tally.take() == (b"", ())
    assert len(Outcomes.of([]).table) == 0


def test_a_call_belongs_to_the_window_in_which_it_ended() -> None:
    found = outcomes([answered(9.8, 10.2), answered(10.1, 10.3), answered(10.9, 11.5)], (failed(11.6), failed(12.5)))
    first, second = cut_windows(found, 10.0, 1.0, 2)
    assert (first.calls, first.errors, first.per_s) == (2, 0, 2.0)
    assert first.mean_s == pytest.approx(0.3)
    assert (second.calls, second.errors, second.start_s) == (1, 1, 1.0)
    assert second.mean_s == pytest.approx(0.6)


def test_a_window_without_calls_has_no_mean() -> None:
    (window,) = cut_windows(outcomes([]), 0.0, 0.5, 1)
    assert (window.calls, window.mean_s, window.per_s) == (0, None, 0.0)


def test_latencies_are_of_calls_due_within_and_errors_of_calls_that_ended_within() -> None:
    found = outcomes([answered(0.9, 1.1), answered(1.5, 2.5), answered(2.1, 2.2)], (failed(1.2, due=0.5), failed(0.9)))
    assert found.due_within(1.0, 2.0).latencies().tolist() == [1.0]
    later = found.after(1.0, 2.0)
    assert len(later.table) == 2
    assert [entry.ended for entry in later.failures] == [1.2]


def test_late_is_more_than_a_millisecond_and_starved_is_told_apart() -> None:
    rows = [
        answered(1.0, 2.0, sent=1.0005),
        answered(1.0, 2.0, sent=1.002),
        answered(1.0, 2.0, sent=1.5, starved=True),
        answered(1.0, 2.0, sent=1.0, starved=True),
    ]
    late_failure = Failure(1.0, 1.3, 2.0, 1.0, "503", "")
    assert late_calls(outcomes(rows, (late_failure,))) == (3, 2)


def test_errors_are_counted_by_code_with_their_first_message() -> None:
    errors, messages = count_errors([failed(1.0, "503"), failed(2.0, "TIMEOUT"), failed(3.0, "503")])
    assert errors == {"503": 2, "TIMEOUT": 1}
    assert messages == {"503": "said 503", "TIMEOUT": "said TIMEOUT"}


def test_an_outage_lasts_from_the_first_failure_to_the_next_answer() -> None:
    found = outcomes([answered(1.0, 1.1), answered(1.0, 3.0)], (failed(1.5), failed(2.0), failed(2.5)))
    assert find_outages(found, 1.0) == (Outage(0.5, 3, 1.5),)


def test_an_outage_that_nothing_ends_has_no_recovery() -> None:
    found = outcomes([answered(1.0, 1.1)], (failed(1.5), failed(2.0, "TIMEOUT")))
    assert find_outages(found, 1.0) == (Outage(0.5, 2, None),)


def test_two_outages_are_two() -> None:
    found = outcomes([answered(0, 1.4), answered(0, 2.6)], (failed(1.0), failed(1.2), failed(2.0), failed(2.3)))
    assert [(outage.start_s, outage.failed) for outage in find_outages(found, 0.0)] == [(1.0, 2), (2.0, 2)]


def test_answered_errors_and_brief_gaps_are_no_outage() -> None:
    busy = outcomes([], (failed(1.0, "503"), failed(2.0, "503"), failed(3.0, "RESOURCE_EXHAUSTED")))
    assert find_outages(busy, 0.0) == ()
    brief = outcomes([answered(1.0, 1.1)], (failed(1.0), failed(1.05)))
    assert find_outages(brief, 0.0) == ()


def test_failures_without_a_code_are_named_after_what_happened() -> None:
    def rest_error(cause: BaseException | None) -> TransportError:
        error = TransportError("no answer")
        error.__cause__ = cause
        return error

    assert failure_code(rest_error(TimeoutError())) == "TIMEOUT"
    assert failure_code(rest_error(ConnectionRefusedError())) == "REFUSED"
    assert failure_code(rest_error(ConnectionResetError())) == "DISCONNECTED"
    assert failure_code(TransportError("busy", code="503")) == "503"
    assert failure_code(CodecError("not JSON")) == "CODEC"
