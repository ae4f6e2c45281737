"""The proof that a model's numbers are right: equal to its reference's, finite, of weights that nobody changed."""
