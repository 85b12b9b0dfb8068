"""Experiments on what stands around the calls: batching, a gateway, shared connections, uploads."""
