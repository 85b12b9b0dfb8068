"""``python -m serlab.embedded``: the embedded server, with TensorFlow Serving's flags."""

from __future__ import annotations

import os
import sys

from serlab.embedded.server import main

if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # All is closed by now. Leaving the ordinary way would wait for threads whose request outlived its grace.
    os._exit(code)
