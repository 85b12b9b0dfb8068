"""``serlab doctor``: what is wrong between this client and a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from serlab.cli.options.common import JsonOption
from serlab.cli.options.serving import (
    BinaryOption,
    CaOption,
    CertOption,
    HeaderOption,
    ImageOption,
    KeyOption,
    ModelOption,
    ServingOption,
    SignatureOption,
    TimeoutOption,
    TlsOption,
)

if TYPE_CHECKING:
    from serlab.measure.doctor.patient import Finding

EXIT_FOUND = 1


def doctor(
    server_flags: Annotated[
        list[str] | None, typer.Argument(metavar="[-- SERVER_FLAGS]", help="Flags for a server that serlab starts.")
    ] = None,
    serving: ServingOption = "embedded",
    payload: Annotated[
        str, typer.Option("--payload", help="What to send in a Predict call. Default: the model's own input sizes.")
    ] = "",
    serving_binary: BinaryOption = "",
    serving_image: ImageOption = "",
    model: ModelOption = "",
    signature: SignatureOption = "",
    tls: TlsOption = False,
    ca: CaOption = "",
    cert: CertOption = "",
    key: KeyOption = "",
    header: HeaderOption = None,
    timeout: TimeoutOption = 5.0,
    as_json: JsonOption = False,
) -> None:
    """Check that both protocols get through, that client and server mean the same, and that answers are what they seem.

    Exit code 1 means that something was found.

    Example: serlab doctor --serving localhost:8500:8501 --model resnet
    """
    from serlab.cli.options.serving import parse_headers
    from serlab.lab.doctor import open_patient_endpoint, patient_of
    from serlab.measure.doctor.diagnose import diagnose
    from serlab.serving.base import ServingOptions

    wanted = ServingOptions(
        serving, serving_binary, serving_image, tuple(server_flags or ()), model, signature, None, tls, ca, cert, key,
        parse_headers(header),
    )  # fmt: skip
    with open_patient_endpoint(wanted) as endpoint:
        findings = []
        for finding in diagnose(patient_of(wanted, endpoint, payload, timeout)):
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
