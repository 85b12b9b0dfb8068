"""``serlab doctor``: what is wrong between this client and a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from serlab.cli.options.common import JsonOption
from serlab.cli.options.groups import with_groups
from serlab.cli.options.serving import Serving

if TYPE_CHECKING:
    from serlab.measure.doctor.patient import Finding

EXIT_FOUND = 1


@with_groups
def doctor(
    serving: Serving,
    payload: Annotated[
        str, typer.Option("--payload", help="What to send in a Predict call. Default: the model's own input sizes.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Check that both protocols get through, that client and server mean the same, and that answers are what they seem.

    Exit code 1 means that something was found.

    Example: serlab doctor --serving localhost:8500:8501 --model resnet
    """
    from serlab.lab.doctor import open_patient_endpoint, patient_of
    from serlab.measure.doctor.diagnose import diagnose

    with open_patient_endpoint(serving) as endpoint:
        findings = []
        for finding in diagnose(patient_of(serving, endpoint, payload)):
            findings.append(finding)
            if not as_json:
                _print(finding)
    if as_json:
        from serlab.report.tables.console import print_json

        print_json(findings)
    if any(finding.status == "found" for finding in findings):
        raise typer.Exit(EXIT_FOUND)


def _print(finding: Finding) -> None:
    typer.echo(f"{finding.status:12} {finding.check}: {finding.text}")
    if finding.advice:
        typer.echo(f"{'':12} → {finding.advice}")
