"""Shows what a run found: on the terminal, and as pages and plots rebuilt from results alone."""
