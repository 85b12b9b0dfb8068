"""What the server is told to serve: models, version policies, labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from serlab.errors import ServingError, UsageError
from serlab.records.files import read_file


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """One model: a base folder whose numbered subfolders are its versions.

    ``versions`` is the version policy: an int n for the n latest, a tuple for those very versions, None for all.
    """

    name: str
    base_path: Path
    versions: int | tuple[int, ...] | None = 1
    labels: Mapping[str, int] = field(default_factory=dict)

    def version_folders(self) -> dict[int, Path]:
        """Return the folders of the versions that the policy asks for, ascending. ``00000123`` is version 123 too.

        Raises:
            ServingError: there is none.
        """
        try:
            entries = list(self.base_path.iterdir())
        except OSError:
            entries = []
        found = {int(entry.name): entry for entry in entries if entry.name.isdecimal() and entry.is_dir()}
        chosen = sorted(found)
        if isinstance(self.versions, int):
            chosen = chosen[-self.versions :]
        elif self.versions is not None:
            chosen = [version for version in chosen if version in self.versions]
        if not chosen:
            raise ServingError(
                f"no versions of servable {self.name} found under base path {self.base_path}: it must hold folders "
                "named by numbers, each with a saved_model.pb"
            )
        return {version: found[version] for version in chosen}


def read_model_configs(file: Path) -> list[ModelConfig]:
    """Return the models of a ``ModelServerConfig`` in protobuf's text format (``--model_config_file``).

    Raises:
        UsageError: the file cannot be read, is not such a message, or asks for what this server does not do.
    """
    from google.protobuf import text_format
    from tensorflow_serving.config import model_server_config_pb2

    try:
        config = text_format.Parse(read_file(file).decode(), model_server_config_pb2.ModelServerConfig())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the model config file {file}: {error}") from error
    except text_format.ParseError as error:
        raise UsageError(
            f"{file} is not a ModelServerConfig in protobuf text format: {error}; "
            'expected model_config_list { config { name: "…" base_path: "…" model_platform: "tensorflow" } }'
        ) from error
    if not config.model_config_list.config:
        raise UsageError(f"{file} lists no model under model_config_list")
    models = [_model_config(entry, file) for entry in config.model_config_list.config]
    names = [model.name for model in models]
    if duplicates := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"{file} names a model twice: {', '.join(duplicates)}")
    return models


def _model_config(entry: object, file: Path) -> ModelConfig:
    from tensorflow_serving.config import model_server_config_pb2

    assert isinstance(entry, model_server_config_pb2.ModelConfig)
    if not entry.name or not entry.base_path:
        raise UsageError(f"{file} has a model without a name or a base_path")
    if entry.model_platform not in ("", "tensorflow"):
        raise UsageError(
            f"{file}: model {entry.name!r} has the platform {entry.model_platform!r}; only 'tensorflow' is served"
        )
    policy = entry.model_version_policy
    versions: int | tuple[int, ...] | None = 1
    if policy.WhichOneof("policy_choice") == "all":
        versions = None
    elif policy.WhichOneof("policy_choice") == "specific":
        versions = tuple(policy.specific.versions)
    elif policy.WhichOneof("policy_choice") == "latest":
        versions = policy.latest.num_versions or 1
    return ModelConfig(entry.name, Path(entry.base_path), versions, dict(entry.version_labels))
