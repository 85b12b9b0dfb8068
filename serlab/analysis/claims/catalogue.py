"""The claims, as an article on TensorFlow model serving over gRPC and HTTP makes them, in its order.

The last is the lab's own: what benchmarks take for granted that time every client in one process.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

import msgspec

from serlab.records.claims import Claim

_CLAIMS = msgspec.json.decode((files("serlab.records") / "catalogue.json").read_bytes(), type=tuple[Claim, ...])

#: Every claim by its id.
CLAIMS: Mapping[str, Claim] = MappingProxyType({claim.id: claim for claim in _CLAIMS})
