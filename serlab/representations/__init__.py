"""What travels in a tensor's place: smaller than the tensor, and undone by a signature of the servable."""
