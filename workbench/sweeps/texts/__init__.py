"""The texts of a corpus: read from files, long ones cut into parts, and put together in blocks."""
