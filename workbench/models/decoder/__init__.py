"""Any transformers decoder as a `Source`: its attention runs through our equation, everything else is its own."""
