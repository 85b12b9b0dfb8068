"""Tables for the terminal, a file per part of a run."""
