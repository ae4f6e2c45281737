"""What a sweep costs: beside the plain forward pass of the same batches, in memory, on workers, and on Ray."""
