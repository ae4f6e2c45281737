"""What a run needs of a model: weights, tokens, layers, and the proof that its numbers are right."""
