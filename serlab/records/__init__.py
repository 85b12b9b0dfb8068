"""What a result file holds, as frozen dataclasses, and the store that alone reads and writes them."""
