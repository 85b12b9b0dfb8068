"""The SavedModels the lab serves, exported by TensorFlow and described without it.

``serlab.servable.models`` lists them all and imports nothing heavy, ``serlab.servable.signatures`` what the echo
servable offers; ``serlab.servable.cache`` keeps one export per version on disk.
"""

from __future__ import annotations

from serlab.servable.models import LabModel, ensure_echo, ensure_model, lab_models
from serlab.servable.signatures import ECHO_MODEL, SIGNATURES, Signature, signature

__all__ = [
    "ECHO_MODEL",
    "SIGNATURES",
    "LabModel",
    "Signature",
    "ensure_echo",
    "ensure_model",
    "lab_models",
    "signature",
]
