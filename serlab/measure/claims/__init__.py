"""Gathers the evidence for ``serlab claims``: small, time-boxed experiments, each answering one or more claims."""
