"""The command line: one file per command, each a function named as its file."""
