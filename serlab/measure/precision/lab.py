"""Runs the precision lab: every codec × dtype × leg × class of values, keeping what is found as it is found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serlab.codecs import registry
from serlab.codecs.base import Codec
from serlab.errors import CodecUnavailableError, UsageError
from serlab.measure.precision.carry import examine_class
from serlab.measure.precision.float_values import natures
from serlab.measure.precision.live import LiveServer, live_trips
from serlab.measure.precision.trips import ServerGoneError, Trip, offline_trips
from serlab.measure.precision.values import DEFAULT_SAMPLES, DTYPES, dtype_of, value_classes
from serlab.measure.process.machine import library_versions
from serlab.payload import DEFAULT_SEED, Payload
from serlab.records.call import TensorSpec
from serlab.records.precision import PrecisionCell, PrecisionReport
from serlab.records.store import now


@dataclass(frozen=True, slots=True)
class Plan:
    """What to try. ``payload`` is a user's tensor, or several, which take the place of the catalogue's ``dtypes``.

    Raises ``UnknownNameError`` for a codec or dtype that does not exist, ``UsageError`` for a number of samples that
    cannot be meant, and ``PayloadError`` when the payload is built and cannot be.
    """

    codecs: tuple[str, ...]
    dtypes: tuple[str, ...] = DTYPES
    samples: int = DEFAULT_SAMPLES
    seed: int = DEFAULT_SEED
    payload: Payload | None = None

    def __post_init__(self) -> None:
        known = registry.names()
        for name in self.codecs:
            if name not in known:
                registry.get(name)  # raises with the list of names
        for dtype in self.dtypes:
            dtype_of(dtype)
        if self.samples < 1:
            raise UsageError(f"{self.samples} samples cannot be drawn: give at least 1")


@dataclass(frozen=True, slots=True)
class _Values:
    """Classes of one dtype. ``indices``: places in a user's tensor of ``shape``, by class; None for the catalogue."""

    dtype: str
    classes: dict[str, NDArray[Any]]
    indices: dict[str, NDArray[np.intp]] | None = None
    shape: tuple[int, ...] = ()

    def locate(self, cell: PrecisionCell) -> PrecisionCell:
        """Return the cell with its examples placed in the user's tensor."""
        if self.indices is None:
            return cell
        at = self.indices[cell.value_class]
        alterations = tuple(
            replace(a, examples=tuple(replace(e, where=self._place(int(at[e.where[0]]))) for e in a.examples))
            for a in cell.alterations
        )
        return replace(cell, alterations=alterations)

    def _place(self, index: int) -> tuple[int, ...]:
        return tuple(int(i) for i in np.unravel_index(index, self.shape))


class PrecisionLab:
    """One run. ``report`` can be asked for at any time and holds everything found so far.

    ``server`` is None for an offline run. ``codecs`` are found by name in the registry; those that are not available
    are listed in the report with their reason.
    """

    def __init__(self, plan: Plan, server: LiveServer | None = None) -> None:
        self.plan, self._server = plan, server
        self._gone = False
        self._cells: list[PrecisionCell] = []
        self._missing: list[str] = []
        self._unavailable: dict[str, str] = {}
        self._started, self._clock = now(), time.perf_counter()

    @property
    def steps(self) -> int:
        """How often ``run`` tells its progress, if every codec is available."""
        return len(self.plan.codecs) * len(self.plan.payload.tensors if self.plan.payload else self.plan.dtypes)

    def run(self, progress: Callable[[str], None] = lambda _: None) -> PrecisionReport:
        """Try everything; ``progress`` is told the codec and dtype before each step."""
        every_values = list(self._values())
        for codec in self._codecs():
            for values in every_values:
                progress(f"{codec.name} {values.dtype}")
                self._examine(values, offline_trips(codec, values.dtype))
                if self._server is not None:
                    self._examine_live(self._server, codec, values)
        return self.report()

    def report(self) -> PrecisionReport:
        """Return what has been found so far."""
        server, payload = self._server, self.plan.payload
        return PrecisionReport(
            started=self._started,
            seed=self.plan.seed,
            samples=self.plan.samples,
            cells=tuple(self._cells),
            source=payload.label if payload else "",
            shape=payload.tensors[0].shape if payload and len(payload.tensors) == 1 else (),
            instance={"kind": server.endpoint.kind, "version": server.endpoint.version} if server else {},
            versions=library_versions(),
            unavailable=dict(self._unavailable),
            missing=tuple(self._missing),
            seconds=time.perf_counter() - self._clock,
        )

    def _values(self) -> Iterator[_Values]:
        plan = self.plan
        if plan.payload is None:
            for dtype in plan.dtypes:
                yield _Values(dtype, value_classes(dtype, samples=plan.samples, seed=plan.seed))
            return
        single = len(plan.payload.tensors) == 1
        for tensor_name, array in plan.payload.build().items():
            flat = array.reshape(-1)
            indices = {name if single else f"{tensor_name}: {name}": at for name, at in natures(flat).items()}
            classes = {name: flat[at] for name, at in indices.items()}
            yield _Values(TensorSpec.of(array).dtype, classes, indices, array.shape)

    def _codecs(self) -> Iterator[Codec]:
        for name in self.plan.codecs:
            try:
                yield registry.get(name)
            except CodecUnavailableError as error:
                self._unavailable[name] = str(error)

    def _examine(self, values: _Values, trips: Iterator[Trip]) -> None:
        for trip in trips:
            for name, members in values.classes.items():
                self._cells.append(values.locate(examine_class(trip, name, members)))

    def _examine_live(self, server: LiveServer, codec: Codec, values: _Values) -> None:
        if self._gone:
            return
        if codec.transport != "none" and codec.transport not in server.endpoint.transports:
            self._note(f"{codec.name} through the live server: it offers no {codec.transport} address")
            return
        try:
            self._examine(values, live_trips(server, codec, values.dtype))
        except CodecUnavailableError as error:
            self._note(f"{codec.name} through the live server: {error}")
        except ServerGoneError as error:
            self._gone = True
            self._note(f"everything live from {codec.name} {values.dtype} on: {error}")

    def _note(self, missing: str) -> None:
        if missing not in self._missing:
            self._missing.append(missing)
