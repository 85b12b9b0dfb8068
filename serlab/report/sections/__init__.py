"""The sections of a report, one file each.

A section's module has ``ORDER`` (its place on the page), ``build(source) -> Section``, and, where it reads a part of a
run beside the usual ones, ``PARTS``: the part's name → the type of its records. ``registry`` finds it; nothing else
needs to know of it.
"""
