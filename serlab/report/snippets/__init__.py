"""The code that ``serlab advise`` prints: complete programs, one file per family of codecs."""
