"""Locust as a second load generator."""
