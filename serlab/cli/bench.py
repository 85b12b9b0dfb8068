"""``serlab bench``: the whole lab, end to end."""

from __future__ import annotations

from typing import Annotated

import typer

from serlab.cli.options.common import (
    DEFAULT_PROFILE,
    BudgetOption,
    CodecOption,
    JsonOption,
    PayloadOption,
    ProfileOption,
    QuietOption,
    ResultsOption,
    ResumeOption,
    RoundsOption,
    RunOption,
    SeedOption,
    seconds,
    split,
)
from serlab.cli.options.serving import (
    BatchOption,
    BinaryOption,
    CaOption,
    CertOption,
    HeaderOption,
    ImageOption,
    KeyOption,
    ModelOption,
    QuickackOption,
    ServingOption,
    SignatureOption,
    TimeoutOption,
    TlsOption,
)
from serlab.records.store import DEFAULT_ROOT, check_writable

EXIT_FOUND = 1


def bench(
    server_flags: Annotated[
        list[str] | None, typer.Argument(metavar="[-- SERVER_FLAGS]", help="Flags for a server that serlab starts.")
    ] = None,
    profile: ProfileOption = None,
    payload: PayloadOption = None,
    codec: CodecOption = None,
    budget: BudgetOption = None,
    rounds: RoundsOption = None,
    seed: SeedOption = None,
    flamegraphs: Annotated[
        str | None, typer.Option(help="all, none, a payload, or a case such as encode/image/json. Default: image.")
    ] = None,
    serving: ServingOption = "embedded",
    serving_binary: BinaryOption = "",
    serving_image: ImageOption = "",
    model: ModelOption = "",
    signature: SignatureOption = "",
    batch: BatchOption = None,
    tls: TlsOption = False,
    ca: CaOption = "",
    cert: CertOption = "",
    key: KeyOption = "",
    header: HeaderOption = None,
    quickack: QuickackOption = True,
    timeout: TimeoutOption = 5.0,
    resume: ResumeOption = False,
    run: RunOption = None,
    results: ResultsOption = DEFAULT_ROOT,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure time, memory, bytes and exactness of every codec, call a live instance, correlate the two.

    Exit code 1 means that something is missing from the run, which says what.

    Example: serlab bench --payload 8x128:float32 --codec orjson,tensor-proto
    """
    from serlab.cli.options.serving import parse_headers
    from serlab.cli.summary import show_run
    from serlab.lab.bench import check_same_instance, make_plan, measure, new_run, plan_for, resumed_run
    from serlab.lab.live_target import has_own_model, open_live, transport_options
    from serlab.serving.base import ServingOptions

    wanted = ServingOptions(
        serving, serving_binary, serving_image, tuple(server_flags or ()), model, signature, batch, tls, ca, cert, key,
        parse_headers(header),
    )  # fmt: skip
    options = transport_options(wanted, quickack=quickack, timeout_s=timeout)
    # Everything the user may have got wrong is found before a server is started.
    folder, plan = (
        resumed_run(
            results,
            run,
            {
                "--profile": profile,
                "--payload": split(payload),
                "--codec": split(codec),
                "--budget": budget,
                "--rounds": rounds,
                "--seed": seed,
                "--flamegraphs": flamegraphs,
            },
        )
        if resume or run
        else (
            None,
            make_plan(
                profile or DEFAULT_PROFILE,
                split(payload),
                split(codec),
                seed=seed,
                budget_s=seconds(budget),
                rounds=rounds,
                flamegraphs=flamegraphs,
            ),
        )
    )
    check_writable(results)
    given = plan.payloads if folder or not has_own_model(wanted) else split(payload)
    with open_live(wanted, options, given, plan.codecs, plan.seed) as live:
        plan = plan_for(live, plan, asked=split(codec))
        if folder is None:
            folder = new_run(results, plan)
        else:
            check_same_instance(folder, live.instance)
        info = measure(folder, plan, live=live, quiet=quiet)
    show_run(folder, as_json=as_json)
    if info.missing:
        raise typer.Exit(EXIT_FOUND)
