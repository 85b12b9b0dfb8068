"""Verdicts on what people repeat about gRPC, HTTP and JSON: one pure function per claim, from evidence to judgement."""
