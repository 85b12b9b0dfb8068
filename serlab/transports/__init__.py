"""Transports: what moves a body to an endpoint and returns the response body."""
