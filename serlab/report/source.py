"""What the sections of a report read: a run, its further parts, and what several sections derive from them alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from serlab.analysis.answer import Choice, choose
from serlab.analysis.correlate import correlate
from serlab.analysis.endtoend import EndToEnd, cpu_per_call, sum_up_all
from serlab.analysis.laws.call_parts import CallParts, call_parts
from serlab.analysis.pairs import Pair, compare_all
from serlab.analysis.view import RunView
from serlab.analysis.words import counted
from serlab.errors import SerlabError, UsageError
from serlab.records.correlation import Correlations
from serlab.records.law_files import find_law
from serlab.records.prediction import Predictions
from serlab.records.run import Case, Exactness, Interval, PayloadInfo
from serlab.records.run_data import RunData
from serlab.report import links
from serlab.report.origin import marked_instance, server_name
from serlab.report.sentences import listing, turned

T = TypeVar("T")

#: Payloads that a title names before the others are counted.
TITLED = 2


@dataclass(frozen=True)
class Source:
    """A run as a report sees it. ``parts`` are further parts by name; ``damaged`` those that cannot be read, and why.

    ``base`` leads from the page that is made to the run's folder. ``now`` is the codec that its reader uses now.

    Everything derived is computed once: intervals are bootstrapped, and several sections show the same ones.
    """

    data: RunData
    folder: Path
    parts: Mapping[str, Any] = field(default_factory=dict)
    damaged: Mapping[str, str] = field(default_factory=dict)
    base: str = "./"
    now: str = ""

    def __post_init__(self) -> None:
        """Raise ``UsageError`` where the codec that its reader uses was not measured."""
        if self.now and self.now not in self.view.measured:
            known = ", ".join(self.view.measured) or "nothing"
            raise UsageError(f"{self.name} has no times of {self.now} to tell the answer against: it has {known}")

    @cached_property
    def view(self) -> RunView:
        """The run by case."""
        return RunView(self.data, self.now)

    @property
    def baseline(self) -> str:
        """The codec that everything is told against."""
        return self.view.baseline

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """The answer: a codec per payload and transport."""
        return choose(self.view)

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Every two codecs of a payload held against each other."""
        return compare_all(self.view)

    @cached_property
    def _by_codecs(self) -> dict[tuple[str, str, str], Pair]:
        return {(pair.payload, pair.base, pair.codec): pair for pair in self.pairs}

    def pair(self, payload: str, base: str, codec: str) -> Pair | None:
        """Return ``base`` held against ``codec``, whichever of the two came first; None for a codec and itself."""
        back = self._by_codecs.get((payload, codec, base))
        if back is None:
            return self._by_codecs.get((payload, base, codec))
        shown = [value and turned(value) for value in (back.whole, back.encode, back.decode)]
        return Pair(payload, base, codec, *shown)

    @cached_property
    def calls(self) -> tuple[EndToEnd, ...]:
        """End-to-end sums in the order of tables."""
        return sum_up_all(self.view)

    @cached_property
    def correlations(self) -> Correlations:
        """Isolated against end-to-end times."""
        return correlate(self.view)

    @cached_property
    def times(self) -> dict[Case, Interval]:
        """Seconds per call of every timed case."""
        return {case: time for case in self.view.case_times if (time := self.view.time(case))}

    @cached_property
    def ratios(self) -> dict[Case, Interval]:
        """Times of the floor of every timed case."""
        return {case: ratio for case in self.view.case_times if (ratio := self.view.ratio_to_raw(case))}

    @cached_property
    def predictions(self) -> Predictions | None:
        """What a law makes of the run, None where none was asked or it could not be used."""
        found = self.part("predictions", Predictions)
        return found if found and found.predictions else None

    @cached_property
    def call_parts(self) -> dict[tuple[str, str], CallParts]:
        """By payload and codec, the parts of a call as the predictions' law has them; empty without that law."""
        if self.predictions is None:
            return {}
        try:
            law = find_law(self.predictions.law, self.folder.parent.parent)
        except SerlabError:
            return {}
        return {(one.payload, one.codec): one for one in call_parts(self.predictions, law)}

    @property
    def payloads(self) -> tuple[PayloadInfo, ...]:
        """The run's payloads."""
        return self.data.info.payloads

    @cached_property
    def command(self) -> str:
        """How a command names this run."""
        return self.data.info.name

    def part(self, name: str, kind: type[T]) -> T | None:
        """Return a further part of the run, None where it has none."""
        found = self.parts.get(name)
        return found if isinstance(found, kind) else None

    @cached_property
    def call_cpu(self) -> dict[tuple[str, str], dict[str, Interval]]:
        """CPU seconds per call of client and server by payload × codec, the median over clients."""
        return {key: cpu_per_call(clients) for key, clients in self.view.clients.items()}

    @property
    def form(self) -> str:
        """The form in which the live instance answers gRPC calls."""
        return self.view.live_form

    def evidence(self, path: str) -> str:
        """Return a link to a file of the run, "" where there is none."""
        return links.evidence(self.folder, path, base=self.base)

    def label(self, payload: str, codec: str) -> str:
        """Return a codec's name as it stands beside its speed: one that alters or fails says so."""
        return codec + alteration(self.view.exactness(payload, codec))

    def label_over(self, payloads: Iterable[str], codec: str) -> str:
        """Return a codec's name where several payloads are shown in one: it says so if it alters or fails any."""
        labels = (self.label(payload, codec) for payload in payloads)
        return next((label for label in labels if label != codec), codec)

    def describe(self, payload: PayloadInfo) -> str:
        """Return a payload's shape and dtype: ``1×224×224×3 float32``; of several tensors, how many."""
        if payload.tensors:
            return f"{len(payload.tensors)} tensors, {payload.dtype}"
        return f"{'×'.join(map(str, payload.shape)) or 'scalar'} {payload.dtype}"

    @property
    def name(self) -> str:
        """The run's name."""
        return self.data.info.name

    @property
    def title(self) -> str:
        """What was measured: payloads, the model that was called, codecs, server and day."""
        names = [payload.name for payload in self.payloads]
        more = len(names) - TITLED
        named = listing([*names[:TITLED], *([f"{more} more payloads"] if more > 1 else names[TITLED:])])
        instance = self.data.info.instance
        model = f", model {instance.get('model')}" if self.view.calls_a_model else ""
        count = len(self.view.measured)
        codecs = f", {counted(count, 'codec')}" if count else ""
        return f"{named}{model}{codecs}, {server_name(instance)}, {self.data.info.started[:10]}".removeprefix(", ")

    @property
    def machine_line(self) -> str:
        """Where and when the run was measured."""
        machine = self.data.info.machine
        return f"{machine.name}: {machine.cpu_model}, {counted(machine.cores, 'core')} · {self.date}"

    @property
    def instance_line(self) -> str:
        """Which live instance was called; the embedded one is never taken for TensorFlow Serving."""
        return marked_instance(self.data.info.instance)

    @property
    def date(self) -> str:
        """When the run began, to the minute: ``2026-11-22 19:00 UTC``."""
        return self.data.info.started[:16].replace("T", " ") + " UTC"


def alteration(exactness: Exactness | None) -> str:
    """Return what must stand beside a codec's speed: "" for one that is exact or was not checked."""
    if exactness is None or exactness.exact:
        return ""
    return " (FAILED)" if exactness.failure else " (ALTERS)"
