"""``serlab law``: what an instance's exchanges cost by size; learnt, shown, and put to use."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from serlab.cli.options.common import CodecOption, JsonOption, ResultsOption, RunArgument, exit_if, seconds, split
from serlab.cli.options.groups import Group, with_groups
from serlab.cli.options.serving import serving_options
from serlab.records.store import DEFAULT_ROOT
from serlab.serving.base import ServingOptions


class _FitUnlessTold(typer.core.TyperGroup):
    """``serlab law --serving …`` is ``serlab law fit --serving …``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and not {"--help", "-h"} & set(args):
            args = ["fit", *args]
        return super().parse_args(ctx, args)


law = typer.Typer(
    cls=_FitUnlessTold,
    no_args_is_help=True,
    help="Learn what an exchange costs a server by body size, and predict calls from it.\n\n"
    "Example: serlab law --serving localhost:8500:8501 --model resnet",
)


@law.command()
@with_groups
def fit(
    serving: Annotated[ServingOptions, Group(serving_options, timeout=30.0)],
    name: Annotated[str, typer.Option("--name", help="What to call the law. Default: the kind of instance.")] = "",
    budget: Annotated[str, typer.Option("--budget", help="How long to call, as 40s or 2m.")] = "40s",
    results: ResultsOption = DEFAULT_ROOT,
    as_json: JsonOption = False,
) -> None:
    """Learn an instance's law within a minute: floor, cost per request byte, cost per response byte of each route.

    A server that serlab starts, or that serves the lab's model sizes, is asked with big and small requests and answers;
    another with its own model in batches. Exit code 1 means that the law does not hold, and it says where.

    Example: serlab law fit --serving binary --name tf-serving-here
    """
    from serlab.lab.learning import fit_instance

    found, path = fit_instance(name, serving, results, seconds(budget) or 40.0)
    _show(found, as_json=as_json)
    typer.echo(f"law: {path}", err=True)
    exit_if(not all(route.holds for route in found.routes))


@law.command()
def codecs(
    codec: CodecOption = None,
    dtype: Annotated[str, typer.Option("--dtype", help="Dtype of the tensors, by numpy's name.")] = "float32",
    name: Annotated[str, typer.Option("--name", help="What to call the laws. Default: codecs-DTYPE.")] = "",
    results: ResultsOption = DEFAULT_ROOT,
    as_json: JsonOption = False,
) -> None:
    """Learn what codecs' encode and decode cost by the number of elements: a floor, and ns per element in pieces.

    Example: serlab law codecs --codec orjson,wire --dtype float32
    """
    from serlab.lab.codec_laws import learn_codecs
    from serlab.lab.progress import ProgressShow

    with ProgressShow(quiet=as_json) as progress:
        found, path = learn_codecs(name or f"codecs-{dtype}", split(codec), dtype, results, progress)
    _show(found, as_json=as_json)
    typer.echo(f"laws: {path}", err=True)


@law.command()
def show(
    name: Annotated[str | None, typer.Argument(help="A law's name, or its file. Default: list all.")] = None,
    results: ResultsOption = DEFAULT_ROOT,
    as_json: JsonOption = False,
) -> None:
    """Show a law with its errors and what speaks against it; without a name, list those there are.

    Example: serlab law show tensorflow-serving-2.20
    """
    from serlab.records.law_files import find_law, list_laws

    if name is None:
        for known in list_laws(results):
            typer.echo(known)
        return
    _show(find_law(name, results), as_json=as_json)


@law.command()
def predict(
    run: RunArgument = None,
    name: Annotated[str, typer.Option("--law", help="Law to predict by. Default: as the run's summary does.")] = "",
    link: Annotated[str, typer.Option("--link", help="Predict for a link: rate and round trip, as 100Mbit,20ms.")] = "",
    results: ResultsOption = DEFAULT_ROOT,
    as_json: JsonOption = False,
) -> None:
    """Predict a run's calls: isolated encode and decode, and the law's exchange, on the machine of the run.

    With --link the transfer and the round trips are added, each codec also with gzip, and the bandwidths are named
    below which a smaller body beats a cheaper codec.

    Example: serlab law predict --link 100Mbit,20ms
    """
    from serlab.lab.link import show_predicted

    show_predicted(run, name, link, results, as_json=as_json)


def _show(found: Any, *, as_json: bool) -> None:
    from serlab.report.tables.console import print_json, wide_console
    from serlab.report.tables.predictions import print_law

    if as_json:
        print_json(found)
    else:
        print_law(found, wide_console())
