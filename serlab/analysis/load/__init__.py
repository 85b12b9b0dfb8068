"""What load steps come to."""
