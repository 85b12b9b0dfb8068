"""``serlab memory``: what a call adds to memory, where it went, and what it does to client and server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serlab.cli.options.common import CodecOption, PayloadOption, RunArgument, exit_if, kept, payload_specs, split
from serlab.cli.options.groups import Group, with_groups
from serlab.cli.options.serving import serving_options
from serlab.lab.keeping import Keeping
from serlab.serving.base import ServingOptions

if TYPE_CHECKING:
    from serlab.records.store import RunFolder


@with_groups
def memory(
    serving: Annotated[ServingOptions, Group(serving_options, leave_out=("server_flags",))],
    keep: Annotated[Keeping, kept("run", "client")],
    run: RunArgument = None,
    payload: PayloadOption = None,
    codec: CodecOption = None,
    profile: Annotated[
        str | None, typer.Option(help="Measure a new run: smoke, standard or full (as --payload and --codec do).")
    ] = None,
    flamegraphs: Annotated[
        str | None, typer.Option(help="Draw pages of all, none, a payload, or a case such as encode/image/json.")
    ] = None,
    view: Annotated[str, typer.Option(help="What to draw: flamegraph, temporal, table or speedscope.")] = "flamegraph",
    native: Annotated[bool, typer.Option("--native", help="Profile again with native frames and draw those.")] = False,
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option("--diff", metavar="CODEC CODEC", help="Compare two codecs of one payload: where the bytes went."),
    ] = None,
    endtoend: Annotated[
        bool, typer.Option("--endtoend", help="Sample client and server while each codec's calls run.")
    ] = False,
    duration: Annotated[float, typer.Option("--seconds", min=0.1, help="How long each client calls (--endtoend).")] = 2,
) -> None:
    """Profile memory with memray, or look into what was profiled.

    With --profile, --payload or --codec it measures a new run. Otherwise it works on RUN (default: the newest with
    memory): --flamegraphs draws its pages, --view chooses which, --native, --diff and --endtoend look further; then
    --payload and --codec say which cases. It always writes memory/index.html, all cases side by side.

    Example: serlab memory --payload image --codec json,orjson --flamegraphs all
    """
    from serlab.errors import UsageError
    from serlab.lab import memory_pages, memory_tracks
    from serlab.lab.progress import ProgressShow

    drawn_as = memory_pages.checked_view(view)
    further = [name for name, wanted in (("native", native), ("diff", diff), ("endtoend", endtoend)) if wanted]
    if len(further) > 1:
        raise UsageError(f"--{' and --'.join(further)} are different questions: ask one at a time")
    if profile and (run or further):
        raise UsageError("--profile measures a new run: leave RUN, --native, --diff and --endtoend out")
    payloads, codecs = payload_specs(payload), split(codec)
    missing: tuple[str, ...] = ()
    if (profile or payloads or codecs) and not run and not further:
        folder, missing = _measure(profile or "smoke", payloads, codecs, flamegraphs, keep)
    else:
        folder = memory_pages.run_with_memory(run, keep.results, here=native, any_part=endtoend)
    found: Sequence[Any] = folder.read_memory()
    written: list[Path] = []
    with ProgressShow(quiet=keep.quiet) as show:
        if native:
            found, written = memory_pages.profile_native(folder, payloads, codecs, show)
        elif diff:
            found, written = memory_pages.compare(folder, diff, payloads, show)
        elif endtoend:
            report = memory_tracks.track(folder, payloads, codecs, serving, duration, show)
            found, missing = report.tracks, report.missing
        elif flamegraphs or view != "flamegraph":
            written = memory_pages.draw(folder, flamegraphs or "image", drawn_as, show)
            found = folder.read_memory()
        written.append(memory_pages.write_index(folder))
    memory_pages.show_found(folder, found, written, as_json=keep.as_json)
    exit_if(missing)


def _measure(
    profile: str, payloads: tuple[str, ...], codecs: tuple[str, ...], flamegraphs: str | None, keep: Keeping
) -> tuple[RunFolder, tuple[str, ...]]:
    from serlab.lab.bench import make_plan, measure, new_run

    plan = make_plan(profile, payloads, codecs, parts=("memory",), seed=keep.seed, flamegraphs=flamegraphs)
    folder = new_run(keep.results, plan)
    return folder, measure(folder, plan, quiet=keep.quiet).missing
