"""The real server's verdicts stand beside every run's: one for each claim, with version and date."""

from __future__ import annotations

from serlab.analysis.claims.catalogue import CLAIMS
from serlab.analysis.claims.judge import SERVER_SHARE
from serlab.records.claims import real_server_claims


def test_every_claim_has_a_verdict_of_the_real_server() -> None:
    found = real_server_claims()
    assert [result.claim for result in found.results] == [
        CLAIMS[claim] for claim in CLAIMS if claim != "client-imports"
    ]
    assert found.instance["kind"] == "binary"
    assert "2.20.0" in found.instance["version"]
    assert found.started.startswith("2026-11-25")


def test_claims_about_the_servers_share_have_its_value() -> None:
    values = {result.claim.id: result.judgement.measured for result in real_server_claims().results}
    assert {claim for claim in SERVER_SHARE if not values[claim]} == {"resnet-p99"}  # too few calls there
    assert values["latency-10k"][0].value.median == 4.33
