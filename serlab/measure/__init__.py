"""From a case, and where need be an endpoint, to records: time, memory, end-to-end calls, exactness."""
