"""The recorded corpus and its models, behind a real server process and inside this process."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serlab.embedded import EmbeddedServer, start_embedded

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

CORPUS = Path(__file__).parents[1] / "data" / "serving-corpus"


@pytest.fixture(scope="session")
def corpus() -> dict[str, list[dict[str, Any]]]:
    """The recorded cases by protocol: what TensorFlow Serving 2.20.0 was asked, and what it answered."""
    return {
        protocol: [json.loads(line) for line in (CORPUS / f"{protocol}.jsonl").read_text().splitlines()]
        for protocol in ("rest", "grpc")
    }


@pytest.fixture(scope="session")
def corpus_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model config file the corpus was recorded with."""
    config = tmp_path_factory.mktemp("corpus") / "models.config"
    config.write_text((CORPUS / "models.config").read_text().replace("BASE", str(CORPUS)))
    return config


@pytest.fixture(scope="session")
def corpus_server(corpus_config: Path) -> Iterator[EmbeddedServer]:
    """A server process started with the flags the corpus was recorded with."""
    pytest.importorskip("tensorflow")
    flags = ["--allow_version_labels_for_unavailable_models=true"]
    with start_embedded(model_config_file=corpus_config, flags=flags) as server:
        yield server


@pytest.fixture(scope="session")
def corpus_core(corpus_config: Path) -> Iterator[Any]:
    """The same models in this process, for tests that need no sockets."""
    pytest.importorskip("tensorflow")
    from serlab.embedded.config import read_model_configs
    from serlab.embedded.core import ServerCore

    core = ServerCore(read_model_configs(corpus_config), labels_for_unavailable=True)
    yield core
    core.close()


@pytest.fixture(scope="session")
def slow_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base path of a model that counts to its input, int64 [] → int64 [], at about a million a second."""
    tf = pytest.importorskip("tensorflow")
    base = tmp_path_factory.mktemp("slow") / "slow"

    @tf.function(input_signature=[tf.TensorSpec([], tf.int64, name="x")])
    def count(x: Any) -> dict[str, Any]:
        return {"y": tf.while_loop(lambda i: i < x, lambda i: [i + 1], [tf.constant(0, tf.int64)])[0]}

    tf.saved_model.save(tf.Module(), str(base / "1"), signatures={"serving_default": count})
    return base
