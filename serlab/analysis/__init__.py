"""What the records mean: statistics, comparisons, verdicts and sentences; pure functions over records."""
