"""The sections of a report, one file each.

A section's module has ``build(source) -> Section`` and, where it reads a part of a run beside the usual ones,
``PARTS``: the part's name → the type of its records. ``registry`` lists it at its place; nothing else needs to know.
"""
