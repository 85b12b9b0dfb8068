"""The lab's locustfile: a user class per codec, and a master that keeps the lab's records."""

from __future__ import annotations

from typing import Any

from locust import events
from locust.runners import WorkerRunner

from serlab.measure.load.locust.master import Gatherer
from serlab.measure.load.locust.users import user_classes

#: User classes by name. Locust takes them from the namespace of the file that it was given.
USERS = user_classes()
globals().update(USERS)


@events.init.add_listener  # type: ignore[untyped-decorator]
def _gather(environment: Any, **_: Any) -> None:
    if not isinstance(environment.runner, WorkerRunner):
        Gatherer(environment)
