"""Memory: memray captures and their pages, resident memory over time."""
