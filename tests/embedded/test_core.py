"""Which version a request means, and what is said of versions that did not load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow")

from serlab.embedded.config import ModelConfig
from serlab.embedded.core import ServerCore
from serlab.embedded.status import Code, StatusError
from serlab.errors import ServingError
from serlab.wire import ModelSpec


@pytest.fixture
def half_broken(corpus_config: Path, corpus_core: Any, tmp_path: Path) -> Path:
    """A model whose version 1 is no SavedModel, and whose version 2 is one."""
    from serlab.embedded.config import read_model_configs

    (tmp_path / "m" / "1").mkdir(parents=True)
    (tmp_path / "m" / "1" / "saved_model.pb").write_bytes(b"no protobuf")
    versions = next(config for config in read_model_configs(corpus_config) if config.name == "versions")
    (tmp_path / "m" / "2").symlink_to(versions.base_path / "2")
    return tmp_path / "m"


def test_one_broken_version_does_not_keep_another_from_being_served(half_broken: Path) -> None:
    core = ServerCore([ModelConfig("m", half_broken, None)])
    loaded, failed = core.status(ModelSpec("m"))
    assert (loaded.version, loaded.state, loaded.error) == (2, 30, None)
    assert (failed.version, failed.state) == (1, 50)
    assert failed.error is not None
    assert "cannot load the SavedModel" in failed.error.message
    assert core.servable(ModelSpec("m")).version == 2
    with pytest.raises(StatusError) as raised:
        core.servable(ModelSpec("m", version=1))
    assert raised.value.code is Code.NOT_FOUND
    core.close()


def test_a_model_without_any_version_that_loads_is_an_error(half_broken: Path) -> None:
    with pytest.raises(ServingError, match="model m did not become available: cannot load the SavedModel"):
        ServerCore([ModelConfig("m", half_broken, (1,))])


@pytest.mark.parametrize("version", [1, 7])
def test_a_label_needs_a_version_that_is_served(half_broken: Path, version: int) -> None:
    config = ModelConfig("m", half_broken, None, {"canary": version})
    with pytest.raises(ServingError, match=f"cannot assign label 'canary' to version {version} of model m"):
        ServerCore([config])
    core = ServerCore([config], labels_for_unavailable=True)
    with pytest.raises(StatusError, match=rf"Servable not found for request: Specific\(m, {version}\)"):
        core.servable(ModelSpec("m", label="canary"))
    core.close()


def test_labels_name_versions(corpus_core: Any) -> None:
    assert corpus_core.servable(ModelSpec("versions", label="stable")).version == 1
    assert corpus_core.servable(ModelSpec("versions")).version == 2


def test_metadata_of_an_unknown_field_is_refused_in_the_servers_words(corpus_core: Any) -> None:
    from serlab.embedded.metadata import metadata_response

    with pytest.raises(StatusError, match=r"^INVALID_ARGUMENT: Metadata field %s is not supportednope$"):
        metadata_response(corpus_core, ModelSpec("echo"), ["nope"])
