"""``serlab claims``: what people repeat about gRPC, HTTP and JSON, put to the test on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from serlab.cli.options.common import JsonOption, QuietOption, ResultsOption, SeedOption, split
from serlab.cli.options.serving import (
    BinaryOption,
    CaOption,
    CertOption,
    HeaderOption,
    ImageOption,
    KeyOption,
    ServingOption,
    TlsOption,
)
from serlab.records.store import DEFAULT_ROOT

if TYPE_CHECKING:
    from serlab.records.claims import ClaimsReport
    from serlab.records.run import RunInfo


def claims(
    server_flags: Annotated[
        list[str] | None, typer.Argument(metavar="[-- SERVER_FLAGS]", help="Flags for a server that serlab starts.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="ID,...", help="Claims; repeat, or separate by commas.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A few seconds per claim; no p99.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Only what needs no server.")] = False,
    serving: ServingOption = "embedded",
    serving_binary: BinaryOption = "",
    serving_image: ImageOption = "",
    tls: TlsOption = False,
    ca: CaOption = "",
    cert: CertOption = "",
    key: KeyOption = "",
    header: HeaderOption = None,
    of_run: Annotated[
        str | None, typer.Option("--from", metavar="RUN", help="Measure nothing: judge the evidence of this run again.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    results: ResultsOption = DEFAULT_ROOT,
    seed: SeedOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Re-measure well-known statements on serving over gRPC and HTTP; print claimed value, measured value, verdict.

    Verdicts: reproduced, not reproduced, inconsistent (with itself or arithmetic), not testable here. The evidence goes
    into the run's folder.

    Example: serlab claims --quick --only resnet-p50,size-json
    """
    from serlab.cli.options.serving import parse_headers
    from serlab.lab.claims import examine, judge_again
    from serlab.lab.experiment import finish, open_folder
    from serlab.lab.progress import ProgressShow
    from serlab.measure.claims.run import CODECS, PAYLOADS, select
    from serlab.payload import checked_seed
    from serlab.records.claims import PART
    from serlab.records.store import find_run
    from serlab.serving.base import ServingOptions

    if of_run is not None:
        folder = find_run(of_run, results)
        _show(judge_again(folder), folder.read_info(), markdown=markdown, as_json=as_json)
        return
    wanted = select(split(only))
    options = ServingOptions(
        serving, serving_binary, serving_image, tuple(server_flags or ()), "", "", None, tls, ca, cert, key,
        parse_headers(header),
    )  # fmt: skip
    chosen_seed = checked_seed(seed)
    with ProgressShow(quiet=quiet) as show:
        folder, report, instance = examine(
            lambda: open_folder(PART, None, results, PAYLOADS, CODECS, chosen_seed),
            wanted,
            None if offline else options,
            quick=quick,
            seed=chosen_seed,
            show=show,
        )
    finish(folder, PART, dict(instance))
    _show(report, folder.read_info(), markdown=markdown, as_json=as_json)
    typer.echo(f"Written to {folder.path}", err=True)


def _show(report: ClaimsReport, info: RunInfo, *, markdown: bool, as_json: bool) -> None:
    from serlab.report.tables.claims import print_claims, render_markdown
    from serlab.report.tables.console import print_json, wide_console

    if as_json:
        print_json(report)
    elif markdown:
        typer.echo(render_markdown(report, info), nl=False)
    else:
        print_claims(report, info, wide_console())
