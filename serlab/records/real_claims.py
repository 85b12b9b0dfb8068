"""The verdicts of a real TensorFlow Serving, as they were measured once, to stand beside any other run's."""

from __future__ import annotations

from importlib.resources import files

import msgspec

from serlab.records.claims import ClaimsReport


def real_server_claims() -> ClaimsReport:
    """Return the headline value and the verdict of every claim on TensorFlow Serving 2.20.0, 2026-11-25, two cores.

    The verdicts follow this version's rules; of the evidence only the headline values are kept.
    """
    return msgspec.json.decode((files("serlab.records") / "real_claims.json").read_bytes(), type=ClaimsReport)
