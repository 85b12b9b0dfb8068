"""The REST API: HTTP, JSON in, JSON out."""
