"""The SavedModels the lab serves, exported by TensorFlow and described without it.

``serlab.servable.signatures`` lists what the echo servable offers and imports nothing heavy; ``serlab.servable.cache``
keeps one export per version on disk.
"""

from __future__ import annotations

from serlab.servable.cache import ensure_echo
from serlab.servable.signatures import ECHO_MODEL, SIGNATURES, Signature, signature

__all__ = ["ECHO_MODEL", "SIGNATURES", "Signature", "ensure_echo", "signature"]
