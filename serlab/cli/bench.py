"""``serlab bench``: the whole lab, end to end."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options.common import NowOption, Plans, WideOption, exit_if, kept, split
from serlab.cli.options.groups import with_groups
from serlab.cli.options.serving import Serving
from serlab.lab.keeping import Keeping


@with_groups
def bench(
    serving: Serving,
    keep: Annotated[Keeping, kept("run", "seed")],
    asked: Plans,
    now: NowOption = None,
    flamegraphs: Annotated[
        str | None, typer.Option(help="all, none, a payload, or a case such as encode/image/json. Default: image.")
    ] = None,
    send_as: Annotated[
        list[str] | None,
        typer.Option(
            "--as", help="Also send less: all, or some of uint8, float16, bfloat16, jpeg:90, png, tf-example."
        ),
    ] = None,
    rest_client: Annotated[
        list[str] | None,
        typer.Option("--rest-client", help="Also send REST bodies with requests, httpx, aiohttp, or all of them."),
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option("--expect", metavar="@FILE.npz", help="Tensors that the model should answer, by output."),
    ] = None,
    wide: WideOption = False,
) -> None:
    """Measure time, memory, bytes and exactness of every codec, call a live instance, correlate the two.

    Exit code 1 means that something is missing from the run, which says what, or that answers are not what --expect
    says.

    With --as, images are seeded photographs, and go to ResNet-50 or the detector unless --model says another.

    Example: serlab bench --as jpeg:90,uint8
    Example: serlab bench --payload 8x128:float32 --codec orjson,tensor-proto
    """
    from serlab.lab.bench import (
        check_expected,
        check_same_instance,
        measure,
        new_run,
        plan_for,
        planned,
        unexpected,
    )
    from serlab.lab.live_target import has_own_model, open_live
    from serlab.lab.rest_clients import checked_clients, measure_clients
    from serlab.lab.send_less import send_less
    from serlab.lab.summary import show_run
    from serlab.records.store import check_writable

    clients = checked_clients(split(rest_client))
    # Everything the user may have got wrong is found before a server is started.
    more = {"--now": now, "--flamegraphs": flamegraphs, "--as": split(send_as), "--expect": expect}
    folder, plan = planned(asked, keep, more=more)
    check_expected(plan, serving)
    check_writable(keep.results)
    given = plan.payloads if folder or not has_own_model(serving) else asked.payloads
    with open_live(serving, given, plan.codecs, plan.seed) as live:
        plan = plan_for(live, plan, asked=asked.codecs)
        if folder is None:
            folder = new_run(keep.results, plan)
        else:
            check_same_instance(folder, live.instance)
        measure(folder, plan, live=live, quiet=keep.quiet)
        if clients:
            measure_clients(folder, plan, live, clients, quiet=keep.quiet)
    info = send_less(folder, plan, serving, quiet=keep.quiet)
    show_run(folder, wide=wide, as_json=keep.as_json)
    exit_if(info.missing or unexpected(folder))
