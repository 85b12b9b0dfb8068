"""``serlab memory --endtoend``: client and server sampled while each codec's calls run, one codec after the other."""

from __future__ import annotations

from collections.abc import Sequence

from serlab.analysis.words import counted
from serlab.errors import MeasureError
from serlab.lab.live_target import open_endpoint
from serlab.lab.profiled_run import chosen_codecs, chosen_payloads
from serlab.lab.progress import ProgressShow
from serlab.measure.cases import with_transport
from serlab.measure.memory import resident
from serlab.measure.process.parents import Parents
from serlab.records.profiles import MemoryTrack, MemoryTracks
from serlab.records.store import RunFolder, now
from serlab.serving.base import ServingOptions

#: The part of a run that this writes: ``endtoend-memory.json``.
PART = "endtoend-memory"


def track(
    folder: RunFolder,
    payloads: Sequence[str],
    codecs: Sequence[str],
    serving: ServingOptions,
    seconds: float,
    show: ProgressShow,
) -> MemoryTracks:
    """Track every payload × codec against one instance, keep each as it is done, and return them all.

    Raises:
        ServingError: the instance cannot be started or reached.
    """
    info = folder.read_info()
    names, specs = chosen_codecs(info, codecs), [payload.name for payload in chosen_payloads(info, payloads)]
    tracks: list[MemoryTrack] = []
    missing: list[str] = []
    show.phase(f"starting {serving.serving}", None)
    with Parents(names, seed=info.seed, number=0) as parents, open_endpoint(serving) as endpoint:
        report = MemoryTracks(now(), endpoint.label, ())
        callers = [(spec, name) for spec in specs for name in with_transport(names, endpoint.transports)]
        show.phase("memory end to end", len(callers))
        for spec, name in callers:
            show.step(f"{spec}/{name}")
            try:
                found = parents.of(name).call(
                    resident.track,
                    endpoint,
                    serving.client,
                    payload_spec=spec,
                    codec_name=name,
                    seed=info.seed,
                    seconds=seconds,
                )
                tracks.append(found)
                if found.error:
                    missing.append(
                        f"memory of calls with {spec} and {name}: {counted(found.calls, 'call')}, then {found.error}"
                    )
            except MeasureError as error:
                missing.append(f"memory of calls with {spec} and {name}: {error}")
                show.remark(missing[-1])
            report = MemoryTracks(report.started, report.instance, tuple(tracks), tuple(missing))
            folder.write_part(PART, report)
    return report
