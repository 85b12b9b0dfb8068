"""What survives the way through the embedded server, leg by leg; nothing here is said of TensorFlow Serving itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from serlab.codecs import registry
from serlab.embedded import EmbeddedServer, start_embedded
from serlab.measure.precision.lab import Plan, PrecisionLab
from serlab.measure.precision.live import LiveServer
from serlab.measure.target import Target
from serlab.records.precision import PrecisionCell, PrecisionReport
from serlab.records.run import Endpoint
from serlab.servable import ensure_echo

pytest.importorskip("tensorflow", reason="the embedded server needs TensorFlow")

JSON = ("json", "json-orjson-list", "orjson", "json-simdjson")
BASE64 = ("base64", "base64-simd")
GRPC = ("tensor-proto", "tensor-proto-values", *(n for n in ("wire",) if n in registry.names()))
NOT_FINITE = {"infinity", "quiet NaN", "signalling NaN"}


def endpoint(server: EmbeddedServer) -> Endpoint:
    return Endpoint(
        "embedded", server.version, f"{server.host}:{server.grpc_port}", f"{server.host}:{server.rest_port}", server.pid
    )


@pytest.fixture(scope="module")
def server(live_target: Target) -> Iterator[LiveServer]:
    with LiveServer(live_target.endpoint, "echo") as live:
        yield live


def live_cells(server: LiveServer, codecs: tuple[str, ...], *dtypes: str, samples: int = 3000) -> list[PrecisionCell]:
    report = PrecisionLab(Plan(codecs, dtypes, samples, seed=3), server).run()
    assert report.missing == ()
    return [cell for cell in report.cells if cell.place == "live"]


def altered(cells: list[PrecisionCell]) -> set[tuple[str, ...]]:
    return {(c.codec, c.leg, c.dtype, c.value_class) for c in cells if not c.exactness.exact}


def test_the_json_parser_rounds_10_to_30_percent_of_float64_by_at_most_3_ulp(server: LiveServer) -> None:
    cells = live_cells(server, JSON, "float64")
    for cell in cells:
        if cell.value_class in ("unit", "normal"):
            share = cell.exactness.counts.get("rounded", 0) / cell.exactness.elements
            if cell.leg == "response":
                assert share == 0
            else:
                assert 0.08 < share < 0.32
                assert set(cell.exactness.counts) == {"exact", "rounded"}
                assert 1 <= cell.exactness.worst_ulp <= 3
                assert cell.alterations[0].silent
    assert len({c.codec for c in cells}) == len(JSON)


def test_float32_normal_values_are_exact_through_every_codec(server: LiveServer) -> None:
    cells = live_cells(server, (*JSON, *BASE64, *GRPC), "float32")
    finite = [c for c in cells if c.value_class not in NOT_FINITE | {"subnormal"}]
    assert altered(finite) == set()
    assert {c.leg for c in finite if c.codec in JSON + GRPC} == {"request", "response", "both"}


def test_base64_is_exact_for_every_float_pattern(server: LiveServer) -> None:
    cells = live_cells(server, BASE64, "float16", "bfloat16", "float32", "float64")
    assert altered(cells) == set()
    assert {c.leg for c in cells} == {"both"}


def test_grpc_is_exact_for_every_float_pattern_but_nans_that_pass_through_python_floats(server: LiveServer) -> None:
    cells = live_cells(server, GRPC, "float16", "bfloat16", "float32", "float64")
    # A Python float is a float64: making one of a signalling float32 NaN quiets it (IEEE 754-2019, 6.2).
    assert {(leg, dtype, name) for _, leg, dtype, name in altered(cells)} <= {
        (leg, "float32", "signalling NaN") for leg in ("request", "response", "both")
    }
    assert not altered([c for c in cells if c.codec == "tensor-proto" and c.leg == "request"])
    assert not altered([c for c in cells if c.codec == "wire"])


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "uint64", "bool"])
def test_integers_and_booleans_are_exact_through_grpc_and_base64(server: LiveServer, dtype: str) -> None:
    assert altered(live_cells(server, (*BASE64, *GRPC), dtype)) == set()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64"])
def test_integers_are_exact_through_json(server: LiveServer, dtype: str) -> None:
    assert altered(live_cells(server, JSON, dtype)) == set()


def test_strings_of_bytes_are_exact_through_grpc(server: LiveServer) -> None:
    cells = live_cells(server, ("tensor-proto",), "string")
    assert {name for _, _, _, name in altered(cells)} == {"text", "astral text", "lone surrogate"}


def test_a_server_that_is_killed_in_the_middle_keeps_what_was_found() -> None:
    with (
        start_embedded(model_name="echo", model_base_path=ensure_echo()) as process,
        LiveServer(endpoint(process), "echo") as live,
    ):
        lab = PrecisionLab(Plan(("base64", "json"), ("int8", "float32"), 200), live)

        def kill_before_the_last(step: str) -> None:
            if step == "json float32":
                process.process.kill()
                process.process.wait()

        report: PrecisionReport = lab.run(kill_before_the_last)
    found = {(c.codec, c.dtype) for c in report.cells if c.place == "live"}
    assert found == {("base64", "int8"), ("base64", "float32"), ("json", "int8")}
    (missing,) = report.missing
    assert missing.startswith("everything live from json float32 on: embedded")
    assert {(c.codec, c.dtype) for c in report.cells if c.place == "offline"} == found | {("json", "float32")}
