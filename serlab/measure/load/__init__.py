"""Load: many calls at once against a live instance, in a closed loop or at a given rate."""
