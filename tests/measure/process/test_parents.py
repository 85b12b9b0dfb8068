from __future__ import annotations

import os
import sys

import pytest

from serlab.measure.process.parents import MAX_PADDING, Parents, client_of, layout
from tests.measure.process import worker_tasks


def test_a_client_is_what_its_codec_needs() -> None:
    kinds = {codec: client_of(codec) for codec in ("json", "orjson", "wire", "raw", "tensor-proto")}
    assert kinds == {
        "json": "light", "orjson": "light", "wire": "light", "raw": "light", "tensor-proto": "tensorflow",
    }  # fmt: skip


def test_every_parent_has_a_layout_of_its_own_and_the_same_seed_the_same_ones() -> None:
    layouts = [layout(7, number, kind) for number in range(6) for kind in ("light", "tensorflow")]
    assert len({entry["PYTHONHASHSEED"] for entry in layouts}) == 12
    assert len({len(entry["SERLAB_PADDING"]) for entry in layouts}) > 6
    assert all(len(entry["SERLAB_PADDING"]) < MAX_PADDING for entry in layouts)
    assert layouts == [layout(7, number, kind) for number in range(6) for kind in ("light", "tensorflow")]


def test_rounds_differ_in_hash_seed_and_environment_and_forks_of_one_share_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (*sys.path[:1], os.environ.get("PYTHONPATH", ".")))))
    seen = []
    for number in (0, 1):
        with Parents(["raw"], seed=1, number=number) as parents:
            seen.append([parents.of("raw").call(worker_tasks.surroundings) for _ in range(2)])
    (first, again), (second, _) = seen
    assert first == again
    assert first.hashed != second.hashed
    assert first.environment_bytes != second.environment_bytes
    assert not first.has_tensorflow


def test_one_kind_of_client_for_all_is_one_parent() -> None:
    parents = Parents(["raw", "tensor-proto"], seed=1, number=0, client="tensorflow")
    assert parents.of("raw") is parents.of("tensor-proto")
    own = Parents(["raw", "tensor-proto"], seed=1, number=0)
    assert own.of("raw") is not own.of("tensor-proto")
