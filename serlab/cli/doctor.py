"""``serlab doctor``: what is wrong between this client and a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from serlab.cli.options import JsonOption
from serlab.cli.serving_options import (
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
    from serlab.measure.doctor.patient import Finding, Patient
    from serlab.record import Endpoint
    from serlab.serving.base import ServingOptions

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
    from serlab.cli.serving_options import parse_headers
    from serlab.measure.doctor.diagnose import diagnose
    from serlab.serving.base import ServingOptions

    wanted = ServingOptions(
        serving, serving_binary, serving_image, tuple(server_flags or ()), model, signature, None, tls, ca, cert, key,
        parse_headers(header),
    )  # fmt: skip
    with _endpoint(wanted) as endpoint:
        findings = []
        for finding in diagnose(_patient(wanted, endpoint, payload, timeout)):
            findings.append(finding)
            if not as_json:
                _print(finding)
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(findings), indent=2))
    if any(finding.status == "found" for finding in findings):
        raise typer.Exit(EXIT_FOUND)


@contextmanager
def _endpoint(wanted: ServingOptions) -> Iterator[Endpoint]:
    """Open the instance; a running server is not asked anything yet, since what is wrong with it is the question."""
    from serlab.cli.live_target import is_running, open_endpoint
    from serlab.errors import UsageError
    from serlab.record import Endpoint
    from serlab.serving.remote import parse_address

    if is_running(wanted):
        if not wanted.model:
            raise UsageError(f"--serving {wanted.serving} needs --model: the name the server knows the model by")
        grpc, rest = parse_address(wanted.serving)
        yield Endpoint("remote", "", grpc, rest, tls=wanted.tls)
    else:
        with open_endpoint(wanted) as endpoint:
            yield endpoint


def _patient(wanted: ServingOptions, endpoint: Endpoint, payload: str, timeout_s: float) -> Patient:
    """Make a Predict call fit the model; where none does, the patient says why."""
    from dataclasses import replace

    from serlab.cli.live_target import fit_payloads, is_running
    from serlab.cli.serving_options import transport_options
    from serlab.errors import SerlabError
    from serlab.measure.doctor.diagnose import ECHO_PAYLOAD, echo_of
    from serlab.measure.doctor.patient import Patient
    from serlab.payload import DEFAULT_SEED, parse_payload
    from serlab.servable.signatures import ECHO_MODEL

    given = parse_payload(payload or ECHO_PAYLOAD)
    patient = Patient(
        endpoint,
        wanted.model or ECHO_MODEL,
        replace(wanted.access, timeout_s=timeout_s),
        transport_options(wanted, timeout_s=timeout_s),
    )
    if not is_running(wanted):
        return replace(patient, call=echo_of(given), payload=given)
    try:
        specs, call = fit_payloads(wanted, endpoint, [payload] if payload else [], DEFAULT_SEED)
        sent = parse_payload(specs[0])
        return replace(patient, call=call or echo_of(sent, wanted.model), payload=sent)
    except SerlabError as error:
        return replace(patient, unfit=str(error))


def _print(finding: Finding) -> None:
    typer.echo(f"{finding.status:12} {finding.check}: {finding.text}")
    if finding.advice:
        typer.echo(f"{'':12} → {finding.advice}")
