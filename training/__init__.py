"""Scripts that make the embedded checkpoints: sources, tokenizer, training, evaluation, export."""
