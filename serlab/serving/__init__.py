"""Where a live Serving instance comes from."""
