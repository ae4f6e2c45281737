"""Who runs a sweep where one process is not enough; each is thin, for what is computed is in `sweeps.work`."""
