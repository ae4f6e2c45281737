"""Every causal language model of transformers, built tiny: what the workbench shows of it, and how exactly."""
