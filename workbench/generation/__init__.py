"""Text that a model writes: settings, generation with transformers' own loop, conversations."""
