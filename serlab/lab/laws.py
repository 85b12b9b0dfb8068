"""What ``serlab law`` does: learns an instance's law, and says what a law makes of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from serlab.analysis.laws.fit import fit_route
from serlab.analysis.laws.holds import judged
from serlab.analysis.laws.predict import agreement, left_out, order, predict
from serlab.analysis.laws.scale import carry
from serlab.analysis.view import RunView
from serlab.codecs import registry
from serlab.errors import MeasureError, SerlabError, UsageError
from serlab.measure.laws import Probe, lab_probes, measure_points
from serlab.measure.process.machine import describe_machine
from serlab.measure.process.workers import Workers
from serlab.measure.yardsticks import measure_yardsticks
from serlab.records.law import ROUTES, Law, LawMachine, LawPoint, Route, RouteLaw, Yardstick
from serlab.records.law_files import TENSORFLOW_SERVING, find_law, list_laws
from serlab.records.prediction import PART, Predictions, read_predictions
from serlab.records.run import RunInfo
from serlab.records.run_data import RunData
from serlab.records.store import RunFolder, now

if TYPE_CHECKING:
    from serlab.records.run import Endpoint
    from serlab.transports.base import TransportOptions

#: A law is learnt within a minute: this long for the calls, the rest for starting and for the yardsticks.
BUDGET_S = 40.0
EMBEDDED = "embedded"
#: The client of laws: what a lean user's process has imported.
_CLIENT = ("wire", "orjson", "json-simdjson")


def routes_of(codecs: Sequence[str]) -> dict[str, Route]:
    """Return the route of each codec that reaches a server."""
    found: dict[str, Route] = {}
    for name in codecs:
        route = registry.codec_class(name).route
        if route:
            found[name] = route
    return found


def yardsticks_here() -> dict[str, Yardstick]:
    """Measure the yardsticks of this machine in a fresh process. Raises ``MeasureError`` where it fails."""
    with Workers(_CLIENT) as workers:
        return workers.call(measure_yardsticks)


def learn(
    name: str,
    endpoint: Endpoint,
    options: TransportOptions,
    probes: Sequence[Probe] | None = None,
    *,
    budget_s: float = BUDGET_S,
    kept: Path | None = None,
) -> Law:
    """Return the law of a live instance; without ``probes`` it must serve the lab's ``sizes``.

    What is measured lies in ``kept`` at once, and what lies there of the same probes is not measured again.

    Raises:
        MeasureError: nothing could be fitted: the reasons are told per route.
    """
    offered: list[Route] = [route for route in ROUTES if (endpoint.grpc if route == "grpc" else endpoint.rest)]
    chosen = list(probes) if probes is not None else lab_probes(offered)
    with Workers(_CLIENT) as workers:
        yardsticks = workers.call(measure_yardsticks)
        points = workers.call(measure_points, endpoint, options, chosen, budget_s, kept=kept)
    laws, remarks = fit_all(points)
    if not laws:
        raise MeasureError("no law could be fitted: " + "; ".join(remarks or ("nothing was measured",)))
    machine = LawMachine.of(describe_machine())
    model = ", ".join(dict.fromkeys(probe.model for probe in chosen))
    client = "" if options.quickack else "; clients without TCP_QUICKACK"
    return Law(
        name, now(), endpoint.kind, endpoint.version, machine, laws, tuple(points), yardsticks, (), model,
        f"serlab law: one call in flight, bodies made beforehand, answers not decoded{client}", remarks,
    )  # fmt: skip


def fit_all(points: Sequence[LawPoint]) -> tuple[tuple[RouteLaw, ...], tuple[str, ...]]:
    """Return a law for each route among the points, and why others have none."""
    laws, remarks = [], []
    for route in dict.fromkeys(point.route for point in points):
        try:
            laws.append(judged(fit_route(route, points), points))
        except MeasureError as error:
            refused = next((point.error for point in points if point.route == route and point.refused), "")
            remarks.append(str(error) + (f" (the server says {refused})" if refused else ""))
    return tuple(laws), tuple(remarks)


def predictions(data: RunData, law: Law, yardsticks: Mapping[str, Yardstick] | None = None) -> Predictions:
    """Return what ``law`` makes of a run, carried to the run's machine by ``yardsticks`` that were measured there.

    Raises:
        UsageError: the law is another machine's and cannot be carried.
    """
    view = RunView(data)
    carried = carry(law, LawMachine.of(data.info.machine), yardsticks or {})
    routes = routes_of(registry.usable(data.info.codecs))
    instance = data.info.instance
    found = predict(view, carried.law, routes, carried.spread, echo=not instance.get("call"))
    own = bool(instance) and (instance.get("kind") == EMBEDDED) == (law.kind == EMBEDDED)
    work = [f"{p.payload}: the model's own work is taken to be {p.model_s * 1e3:.3g} ms" for p in found if p.model_s]
    holding = [f"{route.route}: {text}" for route in carried.law.routes if not route.holds for text in route.remarks]
    return Predictions(
        law.name,
        law.version,
        own,
        found,
        order(found),
        agreement(found),
        agreement(left_out(view, routes, found)),
        carried.factors,
        yardsticks or {},
        carried.spread,
        (*carried.remarks, *holding, *dict.fromkeys(work)),
    )


def predict_run(folder: RunFolder, name: str, results: Path) -> Predictions:
    """Return a run's predictions by the law called ``name``, "" for the one that its summary uses.

    The yardsticks are those of the run; one that holds none is taken to be of this machine, if it says so.

    Raises:
        UnknownNameError, StoreError: there is no such law, or it cannot be used.
        UsageError: the law cannot be carried to the machine of the run.
    """
    data, known = folder.read(), read_predictions(folder)
    law = find_law(name, results) if name else choose_law(results, data.info)
    if not law.routes:
        raise UsageError(f"law {law.name} is of codecs, and a prediction needs a server's: name one with --law")
    yardsticks = known.yardsticks if known else {}
    if not yardsticks and data.info.machine.name == describe_machine().name:
        yardsticks = yardsticks_here()
    return predictions(data, law, yardsticks)


def add_predictions(folder: RunFolder) -> Predictions | None:
    """Write the run's ``predictions`` part, by a law of its results folder or the shipped one; None without times.

    A law that cannot be used never costs the run: the reason is then a remark of an empty part.
    """
    data = folder.read()
    if not data.runs:
        return None
    law = TENSORFLOW_SERVING
    try:
        yardsticks = yardsticks_here()
        chosen = choose_law(folder.path.parent.parent, data.info)
        law = chosen.name
        found = predictions(data, chosen, yardsticks)
    except SerlabError as error:
        found = Predictions(law, "", False, (), remarks=(str(error),))
    folder.write_part(PART, found)
    return found


def choose_law(results: Path, info: RunInfo) -> Law:
    """Return the law to hold a run against: the newest that was learnt of the same real server, else the shipped one.

    A law of the embedded instance says nothing of TensorFlow Serving, and is only used when it is named.
    """
    kind, version = info.instance.get("kind"), info.instance.get("version")
    if kind and kind != EMBEDDED:
        learnt = [find_law(name, results) for name in list_laws(results) if name != TENSORFLOW_SERVING]
        fitting = [
            law
            for law in learnt
            if (law.kind, law.version) == (kind, version) and law.machine == LawMachine.of(info.machine)
        ]
        if fitting:
            return max(fitting, key=lambda law: law.measured)
    return find_law(TENSORFLOW_SERVING, results)
