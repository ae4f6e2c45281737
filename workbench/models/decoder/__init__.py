"""Any transformers model of texts as a `Source`: its attention runs through our equation, all else is its own."""
