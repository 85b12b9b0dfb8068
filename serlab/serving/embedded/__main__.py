"""``python -m serlab.serving.embedded``: the embedded server, with TensorFlow Serving's flags."""

from __future__ import annotations

import sys

from serlab.serving.embedded.server import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
