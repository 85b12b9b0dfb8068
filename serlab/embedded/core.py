"""The models being served: which versions there are, which one a request means, and what state each is in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from serlab.embedded.config import ModelConfig
from serlab.embedded.model import LoadedModel, SessionOptions
from serlab.embedded.status import Code, StatusError, invalid_argument
from serlab.errors import ServingError
from serlab.wire import ModelSpec

#: ``ModelVersionStatus.State`` in tensorflow_serving/apis/get_model_status.proto.
STATE_AVAILABLE, STATE_END = 30, 50


@dataclass(frozen=True, slots=True)
class VersionState:
    """A version as GetModelStatus reports it."""

    version: int
    state: int
    error: StatusError | None = None


@dataclass(frozen=True, slots=True)
class Servable:
    """A loaded version of a model."""

    name: str
    version: int
    model: LoadedModel


class ServerCore:
    """Holds every configured model. All of it is read-only once loaded, so threads share it freely.

    ``labels_for_unavailable`` is ``--allow_version_labels_for_unavailable_models``: without it a label may only be
    given to a version that has loaded.

    Raises:
        ServingError: a model has no version on disk, none of its versions loads, or a label's version is missing.
    """

    def __init__(
        self,
        models: Iterable[ModelConfig],
        *,
        options: SessionOptions | None = None,
        labels_for_unavailable: bool = False,
    ) -> None:
        self._servables: dict[str, dict[int, Servable]] = {}
        self._states: dict[str, dict[int, VersionState]] = {}
        self._labels: dict[str, Mapping[str, int]] = {}
        try:
            for config in models:
                self._load(config, options)
                self._label(config, labels_for_unavailable)
        except ServingError:
            self.close()
            raise

    def names(self) -> list[str]:
        """Return the names of the models."""
        return list(self._servables)

    def servable(self, spec: ModelSpec) -> Servable:
        """Return the version that ``spec`` means: the latest unless it gives a version or a label.

        Raises:
            StatusError: no name, an unknown label, or no such model or version.
        """
        version = self._version(spec)
        available = self._servables.get(spec.name, {})
        if version is None:
            if not available:
                raise StatusError(Code.NOT_FOUND, f"Servable not found for request: Latest({spec.name})")
            return available[max(available)]
        if version not in available:
            raise StatusError(Code.NOT_FOUND, f"Servable not found for request: Specific({spec.name}, {version})")
        return available[version]

    def status(self, spec: ModelSpec) -> list[VersionState]:
        """Return the state of one version, or of all versions of a model, latest first.

        A label is not looked at: TensorFlow Serving's status knows versions only.

        Raises:
            StatusError: no such model or version.
        """
        states = self._states.get(spec.name, {})
        if spec.version is not None:
            if spec.version not in states:
                raise StatusError(Code.NOT_FOUND, f"Could not find version {spec.version} of model {spec.name}")
            return [states[spec.version]]
        if not states:
            raise StatusError(Code.NOT_FOUND, f"Could not find any versions of model {spec.name}")
        return [states[number] for number in sorted(states, reverse=True)]

    def close(self) -> None:
        """Release every model."""
        for versions in self._servables.values():
            for servable in versions.values():
                servable.model.close()
        self._servables.clear()

    def _version(self, spec: ModelSpec) -> int | None:
        if not spec.name:
            raise invalid_argument("ModelSpec has no name specified.")
        if spec.label is None:
            return spec.version
        labels = self._labels.get(spec.name, {})
        if spec.label not in labels:
            raise invalid_argument(f"Unrecognized servable version label: {spec.label}")
        return labels[spec.label]

    def _load(self, config: ModelConfig, options: SessionOptions | None) -> None:
        servables = self._servables.setdefault(config.name, {})
        states = self._states.setdefault(config.name, {})
        for version, folder in config.version_folders().items():
            try:
                model = LoadedModel(folder, options)
            except StatusError as error:
                states[version] = VersionState(version, STATE_END, error)
            else:
                servables[version] = Servable(config.name, version, model)
                states[version] = VersionState(version, STATE_AVAILABLE)
        if not servables:
            first = next(state.error for state in states.values() if state.error)
            raise ServingError(f"model {config.name} did not become available: {first.message}") from first

    def _label(self, config: ModelConfig, labels_for_unavailable: bool) -> None:
        for label, version in config.labels.items():
            if version not in self._servables[config.name] and not labels_for_unavailable:
                raise ServingError(
                    f"cannot assign label {label!r} to version {version} of model {config.name}: that version is not "
                    "available; load it, or give --allow_version_labels_for_unavailable_models"
                )
        self._labels[config.name] = config.labels
