"""``serlab doctor``: what can be wrong between a client and a server, each check one function."""
