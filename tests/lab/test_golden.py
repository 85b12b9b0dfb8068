"""Golden bodies: what is written can be checked by anyone, and every curl command gets its answer."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from serlab.codecs import registry
from serlab.connection import TransportOptions
from serlab.errors import StoreError
from serlab.lab.golden import CURL_ADDRESS, MODELS, _alike, differences, make_golden, read_golden, small_spec
from serlab.payload import CATALOGUE
from serlab.records.golden import GoldenManifest, GoldenTensor
from serlab.records.run import Endpoint

COMMITTED = Path(__file__).parents[1] / "data" / "golden"
SENT = [name for name in registry.available() if registry.transport_of(name) != "none"]


@pytest.fixture(scope="module")
def made(lab_endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, GoldenManifest]:
    pytest.importorskip("PIL")
    folder = tmp_path_factory.mktemp("golden")
    return folder, make_golden(folder, lab_endpoint, TransportOptions(timeout_s=60.0), SENT, 7)


def test_the_catalogue_and_all_models_are_there_with_every_codec_that_can_carry_them(
    made: tuple[Path, GoldenManifest],
) -> None:
    folder, manifest = made
    assert read_golden(folder) == manifest
    assert {subject.stands_for for subject in manifest.subjects} - {""} == set(CATALOGUE)
    assert {subject.model for subject in manifest.subjects} == set(MODELS)
    for subject in manifest.subjects:
        codecs = {exchange.codec for exchange in subject.exchanges}
        assert codecs | set(subject.left_out) == set(SENT)
        assert {"wire", "tensor-proto"} <= codecs, subject.left_out
        assert all(subject.left_out.values())


def test_they_are_small_enough_to_commit(made: tuple[Path, GoldenManifest]) -> None:
    folder, _ = made
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 2 * 2**20


def test_requests_are_made_again_byte_for_byte_and_a_changed_file_is_noticed(
    made: tuple[Path, GoldenManifest], tmp_path: Path
) -> None:
    folder, manifest = made
    assert differences(folder, manifest) == []
    copy = shutil.copytree(folder, tmp_path / "copy")
    file = manifest.subjects[0].exchanges[0].request
    (copy / file.path).write_bytes((copy / file.path).read_bytes() + b" ")
    (found,) = differences(copy, manifest)
    assert "SHA-256" in found
    assert file.path in found
    first, *others = manifest.subjects
    strange = replace(first, outputs={"y": GoldenTensor.of(np.zeros(3, np.float32))})
    told = differences(folder, replace(manifest, subjects=(strange, *others)))
    assert len(told) == len(first.exchanges)
    assert all("holds other numbers than the manifest" in one for one in told)


def test_every_curl_command_gets_the_answer(made: tuple[Path, GoldenManifest], lab_endpoint: Endpoint) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    folder, manifest = made
    ran = 0
    for subject in manifest.subjects:
        for exchange in subject.exchanges:
            if exchange.transport != "rest":
                assert exchange.curl == ""
                continue
            command = shlex.split(exchange.curl.replace(CURL_ADDRESS, lab_endpoint.base_url))
            answer = subprocess.run([*command, "--noproxy", "*"], cwd=folder, capture_output=True, check=True).stdout
            golden = (folder / exchange.response.path).read_bytes()
            if subject.answers == "exact":
                assert answer == golden, exchange.curl
            else:
                found, wanted = (_numbers(json.loads(text)) for text in (answer, golden))
                assert np.allclose(found, wanted, atol=1e-4), exchange.curl
            ran += 1
    assert ran > 90


def _numbers(value: object) -> list[float]:
    if isinstance(value, dict):
        return [number for one in value.values() for number in _numbers(one)]
    if isinstance(value, list):
        return [number for one in value for number in _numbers(one)]
    return [float(value)] if isinstance(value, int | float) else []


def test_the_committed_bodies_are_what_the_codecs_write() -> None:
    manifest = read_golden(COMMITTED)
    usable = set(registry.available())
    subjects = [
        (subject, [exchange for exchange in subject.exchanges if exchange.codec in usable])
        for subject in manifest.subjects
    ]
    assert sum(len(exchanges) for _, exchanges in subjects) > 100
    assert differences(COMMITTED, manifest) == []


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1.5, -0.0, np.nan]], ">f8"),
        np.arange(6, dtype=np.int16).reshape(2, 3).T,
        np.array([b"", b"\xff"], object),
    ],
)
def test_a_tensor_is_read_back_from_json(array: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    import msgspec

    told = msgspec.json.decode(msgspec.json.encode(GoldenTensor.of(array)), type=GoldenTensor)
    back = told.array()
    assert back.shape == array.shape
    assert back.tolist() == array.tolist() or np.array_equal(back, array, equal_nan=True)


@pytest.mark.filterwarnings("error")
def test_hostile_values_are_compared_without_a_word() -> None:
    signalling = np.array([0x7FA00000, 0x7F800000, 0x7F7FFFFF], np.uint32).view(np.float32)
    assert _alike(signalling, signalling)
    assert not _alike(signalling, np.array([1e308, -np.inf, 1e308]))
    assert not _alike(np.array([1 + 1j]), np.array([1 + 2j]))


def test_large_payloads_are_cut_down_with_their_dimensions_kept() -> None:
    assert small_spec((1, 224, 224, 3), "float32", "uniform") == "1x7x7x3:float32:uniform"
    assert small_spec((1, 256), "float32", "uniform") == "1x256:float32:uniform"


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match="holds other files"):
        make_golden(tmp_path, Endpoint("embedded", "", "", ""), TransportOptions(), [], 1)
    with pytest.raises(StoreError, match="holds no golden bodies"):
        read_golden(tmp_path)
