"""CPU time and copies, with scalene."""
