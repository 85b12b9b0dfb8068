"""Every deployment experiment asks for the forks of the codec that it is about to measure."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from serlab.errors import MeasureError
from serlab.measure.deployment.batching import BatchingSweep, measure_batching
from serlab.measure.deployment.gateway import measure_gateway
from serlab.measure.deployment.multiplexing import measure_multiplexing
from serlab.measure.deployment.upload import measure_upload
from serlab.measure.load.sweep import sweep
from serlab.measure.process.parents import Clients
from serlab.measure.target import Target
from serlab.records.deployment import BatchSetting
from serlab.records.load import StepSpec
from serlab.records.run import Endpoint
from serlab.records.store import RunFolder
from serlab.transports.base import TransportOptions

ENDPOINT = Endpoint("embedded", "1", "127.0.0.1:1", "127.0.0.1:2")
TARGET = Target(ENDPOINT, TransportOptions())


class Watched:
    """Whose forks were asked for; all of them die."""

    def __init__(self) -> None:
        self.codecs: set[str] = set()

    def of(self, codec: str) -> Watched:
        self.codecs.add(codec)
        return self

    def call(self, *_: Any, **__: Any) -> Any:
        raise MeasureError("this fork died")

    within = keeping = keeping_within = call


def gateway(clients: Clients, codec: str, _folder: RunFolder) -> None:
    measure_gateway(clients, TARGET, ENDPOINT, payloads=("vector-1k",), codecs=(codec,), rounds=1, seed=1)


def multiplexing(clients: Clients, codec: str, _folder: RunFolder) -> None:
    measure_multiplexing(clients, TARGET, codecs=(codec,), rounds=1, seed=1)


def upload(clients: Clients, codec: str, folder: RunFolder) -> None:
    measure_upload(clients, TARGET, folder, payloads=("vector-1k",), codecs=(codec,), seed=1)


def batching(clients: Clients, codec: str, _folder: RunFolder) -> None:
    measure_batching(clients, TARGET, BatchingSweep((BatchSetting(4, 1000),), codec, rounds=1))


def load(clients: Clients, codec: str, _folder: RunFolder) -> None:
    sweep(clients, TARGET, [StepSpec("vector-1k", codec)])


@pytest.mark.parametrize("codec", ["orjson", "tensor-proto"])
@pytest.mark.parametrize("measure", [gateway, multiplexing, upload, batching, load])
def test_a_codec_is_measured_in_the_kind_of_client_that_its_user_has(
    measure: Callable[[Clients, str, RunFolder], None], codec: str, tmp_path: Path
) -> None:
    watched = Watched()
    with suppress(MeasureError):  # some go on without what failed
        measure(cast(Clients, watched), codec, RunFolder(tmp_path))
    assert watched.codecs == {codec}
