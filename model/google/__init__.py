"""Checkpoints of google/gemma_pytorch, made into folders that transformers and `load` open."""
