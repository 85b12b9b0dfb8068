"""Opens, keeps and ends a run for each command; knows no command line."""
