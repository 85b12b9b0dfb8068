"""The embedded instance: real SavedModels behind TensorFlow Serving's two APIs, in a process of its own.

This package's own import is light; TensorFlow and grpc are imported by the server process alone.
"""

from __future__ import annotations

from serlab.embedded.launcher import EmbeddedServer, start_embedded

__all__ = ["EmbeddedServer", "start_embedded"]
