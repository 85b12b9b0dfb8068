"""What ``serlab law predict --link`` does: a run's calls as they would be over a link, compressed or not."""

from __future__ import annotations

from pathlib import Path

from serlab.analysis.laws.link import Compression, Crossover, Link, LinkCall, crossover, over, parse_link
from serlab.codecs import registry
from serlab.errors import SerlabError
from serlab.lab.laws import predict_run
from serlab.measure.calls import subject_of_run
from serlab.measure.compression import measure_compression
from serlab.measure.process.parents import Parents
from serlab.records.prediction import Predictions
from serlab.records.store import RunFolder, find_run
from serlab.report.tables.console import print_json, wide_console
from serlab.report.tables.predictions import print_link, print_predictions

#: A link that adds nothing: for what calls cost without one.
_NONE = Link(float("inf"))


def show_predicted(run: str | None, law: str, link: str, results: Path, *, as_json: bool) -> None:
    """Predict a run's calls by a law, with ``link`` ("" for none) as they would be over it, and print them.

    Raises:
        UsageError: the link does not parse, or the run's calls cannot be predicted.
        UnknownNameError, StoreError: there is no such run or law, or it cannot be read.
    """
    wanted = parse_link(link) if link else None
    folder = find_run(run, results)
    found = predict_run(folder, law, results)
    if wanted is None:
        print_json(found) if as_json else print_predictions(found, wide_console())
        return
    calls, crossovers, remarks = over_link(folder, found, wanted)
    if as_json:
        print_json({"link": wanted, "calls": calls, "crossovers": crossovers, "remarks": remarks})
        return
    print_link(link, calls, crossovers, wide_console())
    for text in (*remarks, *found.remarks):
        print(text)


def over_link(
    folder: RunFolder, found: Predictions, link: Link
) -> tuple[list[LinkCall], list[Crossover], tuple[str, ...]]:
    """Return every predicted call over ``link``, plain and with gzip, the crossovers, and what could not be compressed.

    Crossovers are between the codecs that win at some bandwidth.
    """
    plain: list[LinkCall] = []
    calls: list[LinkCall] = []
    remarks: list[str] = []
    usable = [p for p in found.predictions if p.codec in registry.available()]
    with Parents([p.codec for p in usable], seed=folder.read_info().seed, number=0) as parents:
        for prediction in found.predictions:
            ways: list[Compression | None] = [None]
            if prediction in usable:
                try:
                    subject = subject_of_run(folder, prediction.payload)
                    ways.append(parents.of(prediction.codec).call(measure_compression, subject, prediction.codec))
                except SerlabError as error:
                    remarks.append(f"{prediction.payload}, {prediction.codec}: not compressed: {error}")
            for way in dict.fromkeys(ways):
                plain.append(over(_NONE, prediction, way))
                calls.append(over(link, prediction, way))
    return calls, _crossovers(plain), tuple(dict.fromkeys(remarks))


def _crossovers(plain: list[LinkCall]) -> list[Crossover]:
    """Return where the winner changes as a link gets slower, from the fastest link down."""
    found = []
    for payload in dict.fromkeys(call.payload for call in plain):
        mine = [call for call in plain if call.payload == payload]
        best = min(mine, key=lambda call: call.total_s)
        below = float("inf")
        while True:
            steps = [(step.bits_per_s, step, call) for call in mine if (step := crossover(best, call))
                     and step.cheaper == best.label and step.bits_per_s < below]  # fmt: skip
            if not steps:
                break
            below, step, best = max(steps, key=lambda entry: entry[0])
            found.append(step)
    return found
