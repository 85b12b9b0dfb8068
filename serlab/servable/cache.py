"""Keeps one export of each servable per version of its code, so that no run pays for exporting it twice."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from serlab.errors import ServableError
from serlab.records.scratch import Scratch


def default_cache() -> Path:
    """Return the folder for exports: ``$XDG_CACHE_HOME/serlab/servables``, or the same under ``~/.cache``.

    Raises:
        ServableError: there is no home folder either.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "serlab" / "servables"
    except RuntimeError as error:
        raise ServableError(f"{error} Set XDG_CACHE_HOME to a folder for the servables") from None


def ensure_exported(
    model: str, sources: Iterable[str], export: Callable[[Path], None], cache: Path | None = None
) -> Path:
    """Return the base folder of a servable (``…/<model>``, holding version ``1``), exporting it if need be.

    The base folder is what ``--model_base_path`` takes. ``export`` writes a SavedModel into the version folder it is
    given; ``sources`` are the files of this package whose change makes another export. Exports go to a temporary folder
    first and are moved into place in one step: a run that is interrupted or races another never leaves a half-written
    servable.

    Raises:
        ServableError: TensorFlow is missing, or the cache cannot be written.
    """
    home = (cache or default_cache()) / f"{model}-{_fingerprint(sources)}"
    base = home / model
    if (base / "1" / "saved_model.pb").is_file():
        return base
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        scratch = Scratch("servable", home.parent)
    except OSError as error:
        raise ServableError(
            f"cannot write the servables' cache {home.parent}: {error}; set XDG_CACHE_HOME to a folder you can write"
        ) from error
    with scratch:
        export(scratch.path / model / "1")
        try:
            scratch.path.rename(home)
        except OSError as error:
            # Another process was first, which is fine; anything else is not.
            if not (base / "1" / "saved_model.pb").is_file():
                raise ServableError(f"cannot move the exported servable to {home}: {error}") from error
    return base


def _fingerprint(sources: Iterable[str]) -> str:
    """Name the export by its sources and by the TensorFlow that would make it."""
    digest = hashlib.sha256()
    for name in sources:
        digest.update(Path(__file__).with_name(name).read_bytes())
    digest.update(_tensorflow_version().encode())
    return digest.hexdigest()[:16]


def _tensorflow_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("tensorflow")
    except PackageNotFoundError:
        return "none"
