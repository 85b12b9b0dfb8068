"""RapidJSON 1.1.0 as TensorFlow Serving uses it: its reader, its numbers, its writer, its errors."""
