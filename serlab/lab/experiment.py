"""What experiments against a live instance have in common: the run they are kept in, the instance, the payloads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from serlab.lab.keeping import Keeping
from serlab.lab.live_target import Live, check_names, open_live
from serlab.lab.profiled_run import run_of_this_machine
from serlab.lab.progress import ProgressShow
from serlab.measure.new_run import begin_run
from serlab.measure.process.machine import load_average
from serlab.payload import parse_payload
from serlab.records.deployment import GatewayReport, MultiplexingReport, UploadReport
from serlab.records.store import RunFolder, check_writable, now
from serlab.serving.base import ServingOptions

Report = TypeVar("Report", GatewayReport, MultiplexingReport, UploadReport)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A live instance, the run that ``part`` is added to, who hears of it, and the codecs that are left out, in words.

    ``keep`` adds a piece of the part at once.
    """

    live: Live
    part: str
    folder: RunFolder
    show: ProgressShow
    keep: Callable[[Any], None]
    left_out: tuple[str, ...] = ()
    missing: list[str] = field(default_factory=list)

    def whole(self, report: Report, failures: Iterable[str] = ()) -> Report:
        """Write the whole report in place of its pieces, and return it with its instance; ``failures`` are missing."""
        self.missing.extend(dict.fromkeys(failures))
        report = replace(report, instance=self.live.instance)
        self.folder.write_part(self.part, report)
        return report


@contextmanager
def open_experiment(
    part: str,
    serving: ServingOptions,
    payloads: Sequence[str],
    codecs: Sequence[str],
    keep: Keeping,
    asked: Sequence[str] = (),
) -> Iterator[Experiment]:
    """Open everything that an experiment needs; the run's description is completed when the block ends well.

    Of ``codecs``, those that were ``asked`` for by name and cannot be sent are told, and missing from the run.
    """
    check_names(payloads, codecs, keep.seed)
    check_writable(keep.results)
    with open_live(serving, payloads, codecs, keep.seed) as live:
        folder = open_folder(part, keep, live.payloads, live.codecs)
        with ProgressShow(quiet=keep.quiet) as show:
            left_out = live.left_out(asked)
            for told in left_out:
                show.remark(told)
            add = folder.gather(part)

            def keep_piece(piece: Any) -> None:
                add(replace(piece, instance=live.instance))

            lab = Experiment(live, part, folder, show, keep_piece, left_out)
            yield lab
        finish(folder, part, live.instance, lab.missing, left_out=left_out)


def open_folder(part: str, keep: Keeping, payloads: Sequence[str], codecs: Sequence[str]) -> RunFolder:
    """Return the run to add ``part`` to, or a new one that holds nothing else."""
    if keep.run is not None:
        return run_of_this_machine(keep.run, keep.results)
    infos = [parse_payload(spec, seed=keep.seed).info() for spec in payloads]
    return begin_run(keep.results, profile=part, seed=keep.seed, payloads=infos, codecs=codecs)


def finish(
    folder: RunFolder, part: str, instance: dict[str, Any], failures: Iterable[str] = (), *,
    left_out: Iterable[str] = (), rounds: int = 0,
) -> None:  # fmt: skip
    """Complete the description of a run that consists of ``part`` alone; another run's description stays as it is.

    What failed may succeed another time: such a run is not finished. What was ``left_out`` cannot be measured at all.
    """
    info, failed = folder.read_info(), tuple(failures)
    if info.profile == part:
        folder.write_info(
            replace(
                info,
                finished="" if failed else now(),
                instance=instance,
                missing=(*left_out, *failed),
                rounds=rounds,
                load_after=load_average(),
            )
        )
