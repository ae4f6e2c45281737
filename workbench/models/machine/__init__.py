"""Where a model runs: devices, dtypes, the memory that it takes and that there is."""
