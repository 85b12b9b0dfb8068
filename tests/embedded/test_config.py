from __future__ import annotations

from pathlib import Path

import pytest

from serlab.embedded.config import ModelConfig, read_model_configs
from serlab.errors import ServingError, UsageError

pytest.importorskip("tensorflow_serving")


def _model(folder: Path, *versions: str) -> Path:
    for version in versions:
        (folder / version).mkdir(parents=True)
    return folder


def test_the_policy_chooses_versions(tmp_path: Path) -> None:
    base = _model(tmp_path / "m", "1", "2", "0010", "notes")
    (base / "99").touch()  # a file, not a folder
    chosen = {
        policy: list(ModelConfig("m", base, policy).version_folders()) for policy in (1, 2, None, (1, 10), (2, 7))
    }
    assert chosen == {1: [10], 2: [2, 10], None: [1, 2, 10], (1, 10): [1, 10], (2, 7): [2]}
    assert ModelConfig("m", base).version_folders()[10].name == "0010"


@pytest.mark.parametrize("policy", [1, None, (3,)])
def test_no_version_is_an_error_that_names_the_folder(tmp_path: Path, policy: int | tuple[int, ...] | None) -> None:
    base = _model(tmp_path / "m", "x") if policy != (3,) else _model(tmp_path / "m", "1")
    with pytest.raises(ServingError, match=rf"no versions of servable m found under base path {base}"):
        ModelConfig("m", base, policy).version_folders()


def test_a_missing_base_path_is_the_same_error(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match="no versions of servable m found"):
        ModelConfig("m", tmp_path / "none").version_folders()


def test_a_config_file_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "models.config"
    file.write_text(
        """
        model_config_list {
          config { name: "a" base_path: "/a" model_platform: "tensorflow" }
          config { name: "b" base_path: "/b" model_version_policy { latest { num_versions: 3 } } }
          config { name: "c" base_path: "/c" model_version_policy { all {} } }
          config {
            name: "d" base_path: "/d"
            model_version_policy { specific { versions: 4 versions: 2 } }
            version_labels { key: "stable" value: 2 }
          }
        }
        """
    )
    assert read_model_configs(file) == [
        ModelConfig("a", Path("/a"), 1, {}),
        ModelConfig("b", Path("/b"), 3, {}),
        ModelConfig("c", Path("/c"), None, {}),
        ModelConfig("d", Path("/d"), (4, 2), {"stable": 2}),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model_config_list {", "not a ModelServerConfig"),
        ("nonsense: 1", "not a ModelServerConfig"),
        ("", "lists no model"),
        ('model_config_list { config { name: "a" } }', "without a name or a base_path"),
        ('model_config_list { config { name: "a" base_path: "/a" model_platform: "caffe" } }', "'caffe'"),
        ('model_config_list { config { name: "a" base_path: "/a" } config { name: "a" base_path: "/b" } }', "twice: a"),
    ],
)
def test_a_wrong_config_file_is_explained(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "models.config"
    file.write_text(text)
    with pytest.raises(UsageError) as raised:
        read_model_configs(file)
    assert message in str(raised.value)
    assert str(file) in str(raised.value)


def test_a_config_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the model config file"):
        read_model_configs(tmp_path / "none")
