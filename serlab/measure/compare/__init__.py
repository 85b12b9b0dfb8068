"""Measuring things against each other, side by side: environments, and a codec against itself."""
