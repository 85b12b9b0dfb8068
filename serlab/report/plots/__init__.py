"""One file per plot: a function from records to an Altair chart. ``theme`` holds what all of them share."""
