"""The gRPC API: messages in, messages out."""
