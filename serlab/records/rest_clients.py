"""What an HTTP library adds to a REST call: the same calls through several clients."""

from __future__ import annotations

from dataclasses import dataclass

from serlab.records.endtoend import EndToEndRun

PART = "rest_clients"


@dataclass(frozen=True, slots=True)
class RestClientRun:
    """The calls of one fresh process that sends with ``client``: "rest" is the lab's own, others a library."""

    client: str
    run: EndToEndRun
