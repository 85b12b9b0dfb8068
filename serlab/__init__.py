"""serlab: what it costs to move a tensor to and from a model server, and whether that matters."""

__version__ = "0.1.0"
