"""Ways to turn a tensor into a request body and a response body into a tensor; one file each."""
