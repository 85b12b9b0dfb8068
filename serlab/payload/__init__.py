"""Payloads: one or more named tensors that are always the same for the same spec and seed."""

from __future__ import annotations

from serlab.payload.payload import Payload, PayloadTensor
from serlab.payload.spec import CATALOGUE, DEFAULT_SEED, checked_seed, parse_payload, split_specs
from serlab.payload.values import DISTRIBUTIONS, DTYPES

__all__ = [
    "CATALOGUE",
    "DEFAULT_SEED",
    "DISTRIBUTIONS",
    "DTYPES",
    "Payload",
    "PayloadTensor",
    "checked_seed",
    "parse_payload",
    "split_specs",
]
