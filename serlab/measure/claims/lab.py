"""Where experiments are made: the run's folder, the workers, the live instance, and how much effort to take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ParamSpec, TypeVar

from serlab.codecs import registry
from serlab.measure.process.listener import Listener, Silent
from serlab.measure.process.parents import Clients
from serlab.measure.process.patience import patiently
from serlab.measure.process.workers import Workers
from serlab.measure.target import Target
from serlab.payload import DEFAULT_SEED
from serlab.records.call import STRING, Call, TensorSpec
from serlab.records.claims import Evidence, Series, Unit
from serlab.records.endtoend import EndToEndRun
from serlab.records.run import MemoryProfile
from serlab.records.store import RunFolder
from serlab.servable.classifier import DTYPE, INPUT, OUTPUTS, Classifier

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Effort:
    """How much an experiment measures: rounds, seconds of calls per client and round, calls that a tail needs.

    ``tail_s`` bounds the time spent on more calls for a tail; 0 means that none are made.
    """

    rounds: int
    calls_s: float
    tail_s: float
    load_s: float
    large: bool


#: A few seconds per claim: verdicts of what needs few samples.
QUICK = Effort(rounds=6, calls_s=0.25, tail_s=0.0, load_s=3.0, large=False)
#: What the published table is made with: some ten minutes, a third of them for the calls of a p99.
STANDARD = Effort(rounds=10, calls_s=1.0, tail_s=300.0, load_s=6.0, large=True)


@dataclass
class Lab:
    """What every experiment is given, and what they could not measure.

    ``served`` are the names of the models that the live instance has; ``missing`` is what failed, calls or whole.
    ``unanswered`` counts the last clients in a row that had no answer.
    ``called`` are the clients of a run that is gone on with: they need not call again.
    """

    folder: RunFolder
    clients: Clients
    effort: Effort
    target: Target | None = None
    served: frozenset[str] = frozenset()
    seed: int = DEFAULT_SEED
    say: Listener = field(default_factory=Silent)
    missing: list[str] = field(default_factory=list)
    unanswered: int = 0
    called: dict[tuple[str, str, int], EndToEndRun] = field(default_factory=dict)

    def of(self, codec: str) -> Workers:
        """Return whose forks measure a codec: those of the kind of client that its user has."""
        return self.clients.of(codec)

    def keep_profile(self, profile: MemoryProfile) -> None:
        """Write a memory profile into the run."""
        self.folder.add_memory(profile)

    def keep_calls(self, run: EndToEndRun) -> None:
        """Write an end-to-end client's calls into the run; those that failed are missing."""
        self.folder.add_endtoend(run)
        self.unanswered = 0 if run.calls else self.unanswered + 1
        if run.error:
            self.missing.append(f"calls/{run.payload}/{run.codec}: {run.error}")

    def ask(self, codec: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function as a client of ``codec`` does, again where no answer came; see ``patiently``."""
        return patiently(partial(self.of(codec).call, function, *args, **kwargs), function.__name__, self.say.remark)

    def available(self, codecs: Iterable[str]) -> list[str]:
        """Return those of ``codecs`` whose libraries are installed here."""
        return list(registry.usable(codecs))

    def on_target(self, call: Call | None) -> Target:
        """Return the live instance with ``call`` in place of the echo's. Only for experiments that need one."""
        assert self.target is not None
        return Target(self.target.endpoint, self.target.options, call)


@dataclass(frozen=True, slots=True)
class Experiment:
    """Gathers the evidence for ``claims``; a live one needs an instance that serves ``models`` over ``protocols``."""

    name: str
    claims: tuple[str, ...]
    run: Callable[[Lab], Evidence]
    models: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()

    def obstacle(self, lab: Lab) -> Evidence | None:
        """Return what keeps the experiment from being made on this instance, None if nothing does."""
        if not self.models and not self.protocols:
            return None
        if lab.target is None:
            return Evidence(self.name, missing="no live instance", needs="a live instance: leave --offline out")
        absent = [protocol for protocol in self.protocols if not getattr(lab.target.endpoint, protocol)]
        if absent:
            return Evidence(
                self.name,
                missing=f"the instance has no {' and no '.join(absent)} address",
                needs="an instance that answers both APIs",
            )
        unserved = [model for model in self.models if model not in lab.served]
        if unserved:
            return Evidence(
                self.name,
                missing=f"the instance does not serve {', '.join(unserved)}",
                needs="the lab's own servables: use --serving embedded, binary or docker, which serve them",
            )
        return None


def classifier_call(classifier: Classifier, codec: str) -> Call:
    """Return the call of one row to a classifier, through the signature that the codec speaks to."""
    name = registry.codec_class(codec).signature
    row = TensorSpec(DTYPE, (1, *classifier.features))
    scores = TensorSpec(DTYPE, (1, classifier.classes))
    if name == "bytes":
        row, scores = (TensorSpec(STRING, (1,), packs=spec) for spec in (row, scores))
    return Call(classifier.model, name, {INPUT: row}, {OUTPUTS[name]: scores})


def series(
    quantity: str, unit: Unit, samples: Mapping[int, Any], *, codec: str = "", payload: str = "", setting: str = ""
) -> Series:
    """Return a series; a round's samples may be one number or several."""
    as_tuples = {
        number: tuple(values) if isinstance(values, list | tuple) else (float(values),)
        for number, values in samples.items()
    }
    return Series(quantity, unit, as_tuples, codec, payload, setting)
